"""The table of services: what an environment consists of, in start order. Pure; every backend runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.config.model import Settings
from harness.runtime.airflow_variables import AirflowInputs, airflow_variables
from harness.runtime.backend import Endpoints
from harness.runtime.localstack import localstack_command, localstack_variables
from harness.runtime.marks import mark
from harness.runtime.ports import LOOPBACK
from harness.runtime.postgres import PostgresPrograms, postgres_variables
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role, Service, StopGrade

AIRFLOW_ROLES = (Role.SCHEDULER, Role.WORKER, Role.WEBSERVER, Role.TRIGGERER)

_STOP: Mapping[Role, tuple[StopGrade, ...]] = {
    # INT is PostgreSQL's fast shutdown; QUIT its immediate one, which recovers at the next start.
    Role.POSTGRES: (StopGrade("INT", 15.0), StopGrade("QUIT", 5.0)),
    Role.LOCALSTACK: (StopGrade("TERM", 1.0),),  # it keeps nothing
    Role.CONTROLPLANE: (StopGrade("TERM", 5.0),),
    Role.SCHEDULER: (StopGrade("TERM", 15.0), StopGrade("QUIT", 3.0)),
    # TERM lets running tasks finish, QUIT ends them.
    Role.WORKER: (StopGrade("TERM", 25.0), StopGrade("QUIT", 5.0)),
    Role.WEBSERVER: (StopGrade("TERM", 6.0),),
    Role.TRIGGERER: (StopGrade("TERM", 6.0), StopGrade("INT", 3.0)),
}


@dataclass(frozen=True)
class ServiceInputs:
    """What the table depends on.

    Attributes:
        settings: the project's settings.
        secrets: the environment's secrets.
        endpoints: where the environment will answer.
        ports: the port of each service that listens: `postgres`, `localstack`, `webserver`.
        instance: marks the environment's processes.
        airflow_homes: AIRFLOW_HOME of each component as its process sees it.
        worker_environment: root folder of the worker environment.
        inside_folder: folder with the files of `harness/inside`.
        environ: the shell's environment; each part takes from it what it may.
        postgres: PostgreSQL's programs.
        cluster: the database cluster's folder.
        localstack_python: the interpreter of LocalStack's environment.
        localstack_folder: where LocalStack keeps its files.
        harness_python: the harness's own interpreter.
        project_root: the project's folder.
        go_file: what components wait for once they have loaded Airflow.
        listen: the address that the web server listens on.
    """

    settings: Settings
    secrets: EnvironmentSecrets
    endpoints: Endpoints
    ports: Mapping[str, int]
    instance: str
    airflow_homes: Mapping[str, str]
    worker_environment: Path
    inside_folder: Path
    environ: Mapping[str, str]
    postgres: PostgresPrograms
    cluster: Path
    localstack_python: Path
    localstack_folder: Path
    harness_python: Path
    project_root: Path
    go_file: Path
    listen: str = LOOPBACK


def component_marks(inputs: ServiceInputs, name: str) -> dict[str, str]:
    """Variables of ours that component `name` gets."""
    return {**mark(inputs.instance, name), "MWAA_HARNESS_GO": str(inputs.go_file)}


def component_names(settings: Settings) -> dict[str, Role]:
    """The Airflow components of an environment: a number follows the name only where there are several."""
    local = settings.local
    names = {
        **_numbered("scheduler", local.schedulers, Role.SCHEDULER),
        **_numbered("worker", local.workers, Role.WORKER),
        "webserver": Role.WEBSERVER,
    }
    return {**names, "triggerer": Role.TRIGGERER} if local.triggerer else names


def build_services(inputs: ServiceInputs) -> tuple[Service, ...]:
    """Every service of the environment, dependencies before dependants."""
    components = component_names(inputs.settings).items()
    return (
        _postgres(inputs),
        _localstack(inputs),
        _controlplane(inputs),
        *(_component(inputs, name, role) for name, role in components),
    )


def role_of(name: str) -> Role:
    """The role of the service called `name`."""
    return Role(name.partition("-")[0])


def stop_grades(role: Role) -> tuple[StopGrade, ...]:
    """How services of `role` are stopped, mildest first."""
    return _STOP[role]


def airflow_inputs(inputs: ServiceInputs, name: str, role: Role) -> AirflowInputs:
    """What the variables of component `name` depend on."""
    return AirflowInputs(
        settings=inputs.settings,
        component=role,
        endpoints=inputs.endpoints,
        secrets=inputs.secrets,
        airflow_home=inputs.airflow_homes[name],
        path=inputs.environ.get("PATH", ""),
        worker_environment=inputs.worker_environment,
        inside_folder=inputs.inside_folder,
        host_variables=inputs.environ,
        database_dsn=inputs.endpoints.database_dsn,
    )


def _postgres(inputs: ServiceInputs) -> Service:
    port = inputs.ports["postgres"]
    return Service(
        name="postgres",
        role=Role.POSTGRES,
        command=inputs.postgres.server(inputs.cluster, port),
        environment={
            **postgres_variables(inputs.environ.get("PATH", "")),
            **mark(inputs.instance, "postgres"),
        },
        port=port,
        stop=_STOP[Role.POSTGRES],
    )


def _localstack(inputs: ServiceInputs) -> Service:
    port = inputs.ports["localstack"]
    return Service(
        name="localstack",
        role=Role.LOCALSTACK,
        command=localstack_command(inputs.localstack_python, inputs.inside_folder),
        environment={
            "PATH": inputs.environ.get("PATH", ""),
            **localstack_variables(port, inputs.localstack_folder),
            "MWAA_HARNESS_QUEUE_URL": inputs.endpoints.queue_url,
            **mark(inputs.instance, "localstack"),
        },
        port=port,
        stop=_STOP[Role.LOCALSTACK],
    )


def _controlplane(inputs: ServiceInputs) -> Service:
    """It depends on nothing: it loads while LocalStack does, and waits for it by itself."""
    passed_on = {name: value for name, value in inputs.environ.items() if not name.startswith("AWS_")}
    return Service(
        name="controlplane",
        role=Role.CONTROLPLANE,
        command=(
            str(inputs.harness_python),
            "-m",
            "harness.controlplane",
            "--project",
            str(inputs.project_root),
        ),
        environment={**passed_on, "PYTHONUNBUFFERED": "1", **mark(inputs.instance, "controlplane")},
        stop=_STOP[Role.CONTROLPLANE],
    )


def _component(inputs: ServiceInputs, name: str, role: Role) -> Service:
    port = inputs.ports["webserver"] if role is Role.WEBSERVER else None
    return Service(
        name=name,
        role=role,
        command=_command(inputs, name, role),
        environment={
            **airflow_variables(airflow_inputs(inputs, name, role)),
            **component_marks(inputs, name),
        },
        depends_on=("postgres", "localstack", "controlplane"),
        port=port,
        stop=_STOP[role],
    )


def _command(inputs: ServiceInputs, name: str, role: Role) -> tuple[str, ...]:
    programs = inputs.worker_environment / "bin"
    if role is Role.WEBSERVER:
        starter = inputs.inside_folder / "start_webserver.py"
        return (str(programs / "python"), str(starter), inputs.listen, str(inputs.ports["webserver"]))
    airflow = (str(programs / "python"), str(inputs.inside_folder / "start_airflow.py"))
    if role is Role.WORKER:  # Airflow's log server would listen on every address of the machine
        return (*airflow, "celery", "worker", "--skip-serve-logs", "--celery-hostname", f"{name}@%h")
    return (*airflow, role.value)


def _numbered(name: str, count: int, role: Role) -> dict[str, Role]:
    return {name: role} if count == 1 else {f"{name}-{number}": role for number in range(1, count + 1)}
