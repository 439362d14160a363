"""Writing down a plan for the launcher and the supervisor, and filling the database the first time."""

from __future__ import annotations

import hashlib
import shutil
import time
from typing import TYPE_CHECKING

from harness import process
from harness.errors import HarnessError
from harness.events import StepFinished, StepStarted
from harness.runtime.database import ClusterKey
from harness.runtime.home_binding import INSIDE_FOLDER, LAUNCHER
from harness.runtime.localstack import localstack_folders
from harness.runtime.postgres import DATABASE
from harness.runtime.private_files import make_folder, state_folder_error, write_private
from harness.runtime.readiness import ask_postgres, maintenance_dsn
from harness.runtime.short_folder import prepare_short_folder
from harness.runtime.state import EnvironmentState, write_state
from harness.runtime.stopping import stoppable
from harness.runtime.supervisor_config import CONFIG, SOCKET, write_config
from harness.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from harness.events import EventSink
    from harness.project.layout import StateFolder
    from harness.runtime.database import Database
    from harness.runtime.home_binding import HomeBinding
    from harness.runtime.launch_spec import LaunchSpec
    from harness.runtime.plan import Plan
    from harness.runtime.site import Site

POSTGRES_VERSION = "16"
_PREPARE = "prepare_database.py"
_PREPARE_SECONDS = 180.0
_RESTART_SECONDS = 30.0


def write_plan(plan: Plan, site: Site) -> None:
    """Write launch specs, supervisor configuration and state, and make the folders that services need."""
    state = site.state
    specs = specs_folder(state)
    plan.inputs.go_file.unlink(missing_ok=True)
    for folder in (state.run, state.logs, plan.task_logs, *localstack_folders(plan.inputs.localstack_folder)):
        make_folder(folder)
    make_folder(specs, mode=0o700)
    for name, home in plan.homes.items():
        prepare_home(home, plan.task_logs, plan.binding)
        for stale in (*home.glob("*.pid"), home / "worker-ready.json"):
            stale.unlink(missing_ok=True)
        make_folder(state.homes / name)
    for service in plan.services:
        write_private(specs / f"{service.name}.json", plan.launch_spec(service).to_json())
    prepare_short_folder(site.short_folder, launcher=LAUNCHER, specs=specs, logs=state.logs)
    config = write_config(site.short_folder, plan.services, site.instance)
    write_private(site.short_folder / CONFIG, config)
    write_state(
        state,
        EnvironmentState(
            instance=site.instance,
            endpoints=plan.inputs.endpoints,
            ports=plan.inputs.ports,
            homes=plan.homes,
            worker_environment=plan.inputs.worker_environment,
            services=tuple(service.name for service in plan.services),
            inputs=plan.digest,
            socket=site.short_folder / SOCKET,
        ),
    )


def prepare_home(home: Path, task_logs: Path, binding: HomeBinding) -> None:
    """Make a component's home folder; its `logs` are the task logs all components share."""
    make_folder(home)
    logs = home / "logs"
    try:
        if logs.is_symlink():
            logs.unlink()
        if binding.works:
            logs.mkdir(exist_ok=True)
            return
        if logs.is_dir():
            shutil.rmtree(logs)
        logs.symlink_to(task_logs)
    except OSError as error:
        raise state_folder_error(logs, error) from error


def specs_folder(state: StateFolder) -> Path:
    """Where the launch specs are; they hold secrets."""
    return state.run / "specs"


def run_spec(plan_state: StateFolder, spec: LaunchSpec) -> Path:
    """Write `spec` for one run of the launcher; the caller deletes the file."""
    folder = specs_folder(plan_state)
    make_folder(folder, mode=0o700)
    path = folder / f"{spec.name}-{time.monotonic_ns()}.json"
    write_private(path, spec.to_json())
    return path


def cluster_key(plan: Plan) -> ClusterKey:
    """What the migrated database depends on."""
    environment = plan.inputs.settings.environment
    loads_connections = environment.airflow_configuration_options.get("database.load_default_connections", "")
    contents = hashlib.sha256((INSIDE_FOLDER / _PREPARE).read_bytes() + loads_connections.encode())
    return ClusterKey(
        postgres=POSTGRES_VERSION,
        airflow=environment.airflow_version,
        secrets=plan.inputs.secrets.database_digest,
        contents=contents.hexdigest()[:16],
    )


def prepare_database(plan: Plan, site: Site, database: Database, events: EventSink) -> None:
    """Make Airflow's tables and its first user in the running, empty cluster, and keep a template of it."""
    import psycopg  # noqa: PLC0415 - slow to import, and rarely needed

    begun = time.monotonic()
    events(StepStarted("database", "migrating"))
    with psycopg.connect(maintenance_dsn(plan.inputs.endpoints), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{DATABASE}"')  # type: ignore[arg-type,unused-ignore]
    home = site.state.homes / "database"
    prepare_home(home, plan.task_logs, plan.binding)
    command = (str(plan.inputs.worker_environment / "bin" / "python"), str(INSIDE_FOLDER / _PREPARE))
    path = run_spec(site.state, plan.command_spec("database", home, command))
    try:
        done = process.capture(
            [plan.inputs.harness_python, "-I", LAUNCHER, path],
            env={"PATH": plan.inputs.environ.get("PATH", "")},
            stdin=plan.inputs.secrets.admin_password,
            timeout=_PREPARE_SECONDS,
        )
    finally:
        path.unlink(missing_ok=True)
    if done.exit_status != 0:
        raise HarnessError(
            f"the metadata database could not be prepared (exit status {done.exit_status})",
            evidence=tuple(done.stderr.splitlines()[-25:]),
        )
    _keep(plan, site, database)
    events(StepFinished("database", "migrated", time.monotonic() - begun))


def _keep(plan: Plan, site: Site, database: Database) -> None:
    supervisor, postgres = site.supervisor, stoppable("postgres")
    supervisor.stop([postgres])
    key = cluster_key(plan)
    database.keep_template(key)
    database.declare_migrated(key)
    supervisor.start(postgres.name)
    wait_until(
        lambda: ask_postgres(plan.inputs.endpoints.database_dsn),
        subject="postgres",
        seconds=_RESTART_SECONDS,
        interval=0.05,
    )
