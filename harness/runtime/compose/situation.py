"""What a container of the Airflow image was told, and the table of services as it looks from inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.config.model import Settings
from harness.runtime.airflow_variables import layered_variables
from harness.runtime.backend import Endpoints
from harness.runtime.compose import places
from harness.runtime.home_binding import INSIDE_FOLDER, HomeBinding
from harness.runtime.launch_spec import LaunchSpec, airflow_launch_spec
from harness.runtime.marks import mark
from harness.runtime.postgres import DATABASE, USER, PostgresPrograms
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role, Service
from harness.runtime.services_table import ServiceInputs, airflow_inputs, build_services, component_marks

INSTANCE = "container"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - in a container; what is published of it, Compose decides

DATABASE_PASSWORD = "MWAA_DATABASE_PASSWORD"  # noqa: S105 - names of variables
FERNET_KEY = "MWAA_FERNET_KEY"
WEBSERVER_SECRET_KEY = "MWAA_WEBSERVER_SECRET_KEY"  # noqa: S105
ADMIN_PASSWORD = "MWAA_ADMIN_PASSWORD"  # noqa: S105
WEBSERVER_URL = "MWAA_WEBSERVER_URL"
INPUTS = "MWAA_INPUTS"


@dataclass(frozen=True)
class Situation:
    """A container's own view of its environment.

    Attributes:
        settings: the project's settings.
        secrets: the environment's secrets.
        endpoints: where its services answer, for containers.
        environ: the container's variables.
    """

    settings: Settings
    secrets: EnvironmentSecrets
    endpoints: Endpoints
    environ: Mapping[str, str]

    def table(self) -> Mapping[Role, Service]:
        """The table of services with one component of each role."""
        return {service.role: service for service in build_services(self._inputs())}

    def launch_spec(self, role: Role) -> LaunchSpec:
        """What the launcher is told about the component `role`."""
        seconds = self.settings.local.startup_script_seconds
        marks = component_marks(self._inputs(), role.value)
        return self._spec(role.value, role, self.table()[role].command, seconds, marks)

    def command_spec(self, name: str, command: tuple[str, ...]) -> LaunchSpec:
        """What the launcher is told about a command that runs as a worker does."""
        return self._spec(name, Role.WORKER, command, None, mark(INSTANCE, name))

    def _spec(
        self,
        name: str,
        role: Role,
        command: tuple[str, ...],
        startup_seconds: float | None,
        marks: Mapping[str, str],
    ) -> LaunchSpec:
        spec = airflow_launch_spec(
            name=name,
            command=command,
            variables=layered_variables(airflow_inputs(self._inputs(), role.value, role)),
            home=places.AIRFLOW_HOME,
            task_logs=places.AIRFLOW_HOME / "logs",
            binding=HomeBinding(works=True),
            startup_seconds=startup_seconds,
            marks=marks,
        )
        return replace(spec, bindings=())  # the container is the component's own file system

    def _inputs(self) -> ServiceInputs:
        local = replace(self.settings.local, schedulers=1, workers=1, triggerer=True)
        settings = replace(self.settings, local=local)
        names = [role.value for role in Role]
        return ServiceInputs(
            settings=settings,
            secrets=self.secrets,
            endpoints=self.endpoints,
            ports={
                "postgres": places.DATABASE_PORT,
                "localstack": places.LOCALSTACK_PORT,
                "webserver": places.WEBSERVER_PORT,
            },
            instance=INSTANCE,
            airflow_homes=dict.fromkeys(names, str(places.AIRFLOW_HOME)),
            worker_environment=places.WORKER_ENVIRONMENT,
            inside_folder=INSIDE_FOLDER,
            environ={name: value for name, value in self.environ.items() if not name.startswith("MWAA_")},
            # The images of these two bring their own programs; the table's rows for them are compared with
            # docker-compose.yml by a test.
            postgres=PostgresPrograms(Path("/usr/lib/postgresql/15/bin")),
            cluster=Path("/var/lib/postgresql/data"),
            localstack_python=Path("python"),
            localstack_folder=Path("/var/lib/localstack"),
            harness_python=Path("/opt/mwaa-harness/bin/python"),
            project_root=places.PROJECT,
            go_file=places.GO_FILE,
            listen=EVERYWHERE,
        )


def container_endpoints(settings: Settings, password: str, admin: str, webserver_url: str) -> Endpoints:
    """Where the environment answers, for its containers; the web server's address is the one people use."""
    local = settings.local
    aws = f"http://{places.LOCALSTACK_HOST}:{places.LOCALSTACK_PORT}"
    server = f"{places.DATABASE_HOST}:{places.DATABASE_PORT}"
    return Endpoints(
        webserver_url=webserver_url,
        username="admin",
        password=admin,
        aws_endpoint_url=aws,
        region=local.region,
        bucket=settings.bucket,
        queue_url=f"{aws}/queue/{local.region}/{local.account_id}/{settings.queue}",
        database_dsn=f"postgresql://{USER}:{password}@{server}/{DATABASE}",
    )


def make_situation(settings: Settings, secrets: EnvironmentSecrets, environ: Mapping[str, str]) -> Situation:
    """The situation of a container with these variables."""
    url = environ.get(WEBSERVER_URL) or f"http://127.0.0.1:{places.WEBSERVER_PORT}"
    endpoints = container_endpoints(settings, secrets.postgres_password, secrets.admin_password, url)
    return Situation(settings, secrets, endpoints, environ)
