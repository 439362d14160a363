"""What an `up` is going to run, worked out from the project, its settings and the built environments."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.runtime.airflow_variables import layered_variables
from harness.runtime.backend import Endpoints
from harness.runtime.home_binding import INSIDE_FOLDER, HomeBinding
from harness.runtime.launch_spec import LaunchSpec, airflow_launch_spec
from harness.runtime.marks import mark
from harness.runtime.ports import LOOPBACK
from harness.runtime.postgres import database_dsn
from harness.runtime.services import Role, Service
from harness.runtime.services_table import (
    AIRFLOW_ROLES,
    ServiceInputs,
    airflow_inputs,
    build_services,
    component_marks,
    component_names,
)

if TYPE_CHECKING:
    from harness.config.model import Settings
    from harness.project.layout import Project
    from harness.runtime.postgres import PostgresPrograms
    from harness.runtime.secrets import EnvironmentSecrets

GO_FILE = "go"
KEEP_ROLES = {"AIRFLOW__WEBSERVER__UPDATE_FAB_PERMS": "False"}


@dataclass(frozen=True)
class Plan:
    """Everything `up` needs to know before it starts a process.

    Attributes:
        inputs: what the table of services was built from.
        services: the table.
        binding: whether components see their home at MWAA's path.
        homes: the components' home folders.
        task_logs: the folder of task logs that they share.
        digest: names what Airflow's services only see when they start.
        known_roles: the digest for which the database holds the web server's roles and permissions.
    """

    inputs: ServiceInputs
    services: tuple[Service, ...]
    binding: HomeBinding
    homes: Mapping[str, Path]
    task_logs: Path
    digest: str
    known_roles: str = ""

    def launch_spec(self, service: Service) -> LaunchSpec:
        """What the launcher is told about `service`."""
        if service.role not in AIRFLOW_ROLES:
            return LaunchSpec(service.name, service.command, service.environment)
        variables = layered_variables(airflow_inputs(self.inputs, service.name, service.role))
        if service.role is Role.WEBSERVER and self.known_roles == self.digest:
            variables = replace(variables, defaults={**variables.defaults, **KEEP_ROLES})
        return airflow_launch_spec(
            name=service.name,
            command=service.command,
            variables=variables,
            home=self.homes[service.name],
            task_logs=self.task_logs,
            binding=self.binding,
            startup_seconds=self.inputs.settings.local.startup_script_seconds,
            marks=component_marks(self.inputs, service.name),
        )

    def command_spec(self, name: str, home: Path, command: tuple[str, ...]) -> LaunchSpec:
        """What the launcher is told about a command that runs as a worker does, in `home`."""
        inputs = airflow_inputs(self.inputs, self._first_worker, Role.WORKER)
        return airflow_launch_spec(
            name=name,
            command=command,
            variables=layered_variables(inputs),
            home=home,
            task_logs=self.task_logs,
            binding=self.binding,
            startup_seconds=None,
            marks=mark(self.inputs.instance, name),
        )

    @property
    def is_proven(self) -> bool:
        """Whether an environment started with the same inputs became ready before, on these data."""
        return self.known_roles == self.digest and all(home.is_dir() for home in self.homes.values())

    @property
    def _first_worker(self) -> str:
        return next(
            name for name, role in component_names(self.inputs.settings).items() if role is Role.WORKER
        )


def plan_endpoints(settings: Settings, ports: Mapping[str, int], secrets: EnvironmentSecrets) -> Endpoints:
    """Where an environment with these ports answers."""
    aws = f"http://{LOOPBACK}:{ports['localstack']}"
    local = settings.local
    return Endpoints(
        webserver_url=f"http://{LOOPBACK}:{ports['webserver']}",
        username="admin",
        password=secrets.admin_password,
        aws_endpoint_url=aws,
        region=local.region,
        bucket=settings.bucket,
        queue_url=f"{aws}/queue/{local.region}/{local.account_id}/{settings.queue}",
        database_dsn=database_dsn(ports["postgres"], secrets.postgres_password),
    )


def make_plan(
    *,
    project: Project,
    settings: Settings,
    environ: Mapping[str, str],
    instance: str,
    secrets: EnvironmentSecrets,
    ports: Mapping[str, int],
    binding: HomeBinding,
    worker_environment: Path,
    localstack_python: Path,
    postgres: PostgresPrograms,
) -> Plan:
    """The plan for these parts."""
    state = project.state
    homes = {name: state.homes / name for name in component_names(settings)}
    inputs = ServiceInputs(
        settings=settings,
        secrets=secrets,
        endpoints=plan_endpoints(settings, ports, secrets),
        ports=ports,
        instance=instance,
        airflow_homes={name: binding.airflow_home(home) for name, home in homes.items()},
        worker_environment=worker_environment,
        inside_folder=INSIDE_FOLDER,
        environ=environ,
        postgres=postgres,
        cluster=state.data / "postgres",
        localstack_python=localstack_python,
        localstack_folder=state.cache / f"localstack-{localstack_python.parent.parent.name}",
        harness_python=Path(sys.executable),
        project_root=project.root,
        go_file=state.run / GO_FILE,
    )
    return Plan(
        inputs=inputs,
        services=build_services(inputs),
        binding=binding,
        homes=homes,
        task_logs=state.task_logs,
        digest=inputs_digest(project, settings, str(worker_environment.resolve())),
    )


def inputs_digest(project: Project, settings: Settings, worker: str) -> str:
    """Names what Airflow's services only see when they start; DAG files are not among it.

    Args:
        project: startup script, plugins and Airflow's local settings.
        settings: the settings.
        worker: names the worker environment or the image.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps(asdict(settings), sort_keys=True, default=str).encode())
    digest.update(worker.encode())
    if project.startup_script.is_file():
        digest.update(project.startup_script.read_bytes())
    local_settings = project.dags_folder / "airflow_local_settings.py"
    if local_settings.is_file():
        digest.update(local_settings.read_bytes())
    for folder, folders, files in os.walk(project.plugins_folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for name in sorted(files):
            path = Path(folder) / name
            if path.suffix != ".pyc" and not name.startswith("."):
                digest.update(str(path.relative_to(project.plugins_folder)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
