"""Whole environments for tests, run by the command as a person runs it, and one that a session's tests share.

Building a worker environment takes longer than any test should: one is built in pytest's cache folder, and
each project links to it (`.mwaa/envs/<key>`, `.mwaa/tools/<key>`), as folders there are addressed by content.
A project that borrows the shared environment's database template takes its secrets as well; they belong
together.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from harness.config.model import LocalSettings, Settings
from harness.events import ignore_events
from harness.project.layout import Project, StateFolder, locate_project
from harness.runner.airflow_api import AirflowApi
from harness.runner.local_aws import LocalAws
from harness.runner.metadata import MetadataReader
from harness.runtime.marks import SERVICE, SUPERVISOR, find_inside, find_marked, instance_of
from harness.runtime.state import EnvironmentState, read_state
from harness.waiting import NotYet, Ready, wait_until
from harness.workerenv.tools import Tool, ensure_tool_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.runtime.backend import Endpoints
    from harness.workerenv.store import WorkerEnvironment

COMMAND = Path(sys.executable).with_name("mwaa-harness")
UP_SECONDS = 600.0
SERVICES = ("postgres", "localstack", "controlplane", "scheduler", "worker", "webserver", "triggerer")

# Airflow takes minutes to notice a lost scheduler or task, as on MWAA; tests of faults cannot wait for that.
# Several environments stand by while others are tested: idle schedulers must leave the processors alone.
SETTINGS = """
[environment]
name = "shared"

[environment.airflow_configuration_options]
"scheduler.scheduler_zombie_task_threshold" = "20"
"scheduler.scheduler_health_check_threshold" = "20"
"scheduler.orphaned_tasks_check_interval" = "20"
"scheduler.scheduler_idle_sleep_time" = "0.5"

[local]
runtime = "native"
"""


class CommandProject:
    """A project folder, and mwaa-harness in it."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self.environ = dict(environ)
        root.mkdir(parents=True)
        (root / "dags").mkdir()
        self.write("mwaa.toml", SETTINGS)

    @property
    def project(self) -> Project:
        return locate_project(self.root, LocalSettings())

    @property
    def state(self) -> StateFolder:
        return self.project.state

    @property
    def instance(self) -> str:
        return instance_of(self.root)

    def write(self, relative: str, text: str) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start the command; its output is captured. `prefix` is a program that runs it."""
        return subprocess.Popen(
            [*prefix, str(COMMAND), *arguments],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, seconds: float = UP_SECONDS, prefix: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, whatever its exit status."""
        process = self.start(*arguments, prefix=prefix)
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.communicate()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def succeed(self, *arguments: str, seconds: float = UP_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run the command, which must exit with 0."""
        done = self.run(*arguments, seconds=seconds)
        assert done.returncode == 0, f"{arguments} exited with {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def services(self) -> dict[str, dict[str, Any]]:
        """What `status --json` says, by service."""
        return {entry["service"]: entry for entry in json.loads(self.run("status", "--json").stdout)}

    def pids(self) -> dict[str, int]:
        return {name: entry["pid"] for name, entry in self.services().items() if entry["pid"] is not None}

    def await_ready(self, seconds: float) -> dict[str, dict[str, Any]]:
        """Wait until `status` calls every service ready; what it says then."""
        answers: list[dict[str, dict[str, Any]]] = []

        def answer() -> Ready | NotYet:
            answers.append(self.services())
            late = {name: entry for name, entry in answers[-1].items() if entry["state"] != "ready"}
            return NotYet(str(late)) if late else Ready("status says so")

        wait_until(answer, subject="every service", seconds=seconds, interval=0.5)
        return answers[-1]

    def processes(self) -> list[psutil.Process]:
        """Every live process of this project's environment, the supervisor included."""
        found = [process for process, _ in find_marked(self.instance)]
        return list({p.pid: p for p in (*found, *find_inside(self.state.data / "postgres"))}.values())

    def supervisors(self) -> list[psutil.Process]:
        """Its supervisors: one while it is up, none otherwise. Commands that it starts carry another mark."""
        return [p for p, name in find_marked(self.instance) if name == SUPERVISOR and _is_root(p)]

    def known(self) -> EnvironmentState:
        state = read_state(self.state)
        assert state is not None
        return state

    @property
    def endpoints(self) -> Endpoints:
        """How to reach its environment."""
        return self.known().endpoints

    @contextlib.contextmanager
    def api(self) -> Iterator[AirflowApi]:
        """Airflow's REST API, logged in."""
        client = AirflowApi(self.endpoints)
        try:
            yield client
        finally:
            client.close()

    @contextlib.contextmanager
    def metadata(self) -> Iterator[MetadataReader]:
        reader = MetadataReader(self.endpoints.database_dsn)
        try:
            yield reader
        finally:
            reader.close()

    def client(self, service: str) -> Any:
        """A boto3 client of the environment's own endpoint."""
        return LocalAws(self.endpoints.aws_endpoint_url, Settings().local).client(service)

    def await_dag(self, dag_id: str, seconds: float = 60.0) -> None:
        """Wait until the scheduler has the DAG."""
        with self.metadata() as metadata:

            def answer() -> Ready | NotYet:
                if dag_id in metadata.known_dags([dag_id]):
                    return Ready("it is serialized")
                return NotYet(f"import errors: {metadata.import_errors()}")

            wait_until(answer, subject=f"DAG {dag_id}", seconds=seconds)

    def clear_away(self) -> None:
        """Stop it whatever state it is in; nothing of it may outlive the tests."""
        self.run("down", "--volumes")
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()


def _is_root(process: psutil.Process) -> bool:
    """Whether no process of the same mark is above: supervisord forks before it starts a service."""
    try:
        parent = process.parent()
        return parent is None or parent.environ().get(SERVICE) != SUPERVISOR
    except psutil.Error:
        return True


@dataclass(frozen=True)
class Pantry:
    """Finished environments that projects link to."""

    worker: Path
    tools: tuple[Path, ...]

    def shelves(self, state: StateFolder) -> Mapping[Path, tuple[Path, ...]]:
        """What to link to, by the folder of the project that the links belong in."""
        return {state.worker_environments: (self.worker,), state.tools: self.tools}

    def stock(self, state: StateFolder) -> None:
        """Give a project all that it would otherwise build."""
        for folder, finished in self.shelves(state).items():
            folder.mkdir(parents=True, exist_ok=True)
            for path in finished:
                (folder / path.name).symlink_to(path)


def borrow_database(source: StateFolder, target: StateFolder) -> None:
    """Give a project the migrated template of another, with the secrets it was made with."""
    target.cache.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source.secrets_file, target.secrets_file)
    for template in source.cache.glob("postgres-*"):
        subprocess.run(["/bin/cp", "-a", str(template), str(target.cache)], check=True)


@pytest.fixture(scope="session")
def pantry(
    fenced_environ: Mapping[str, str], pytestconfig: pytest.Config, worker_environment: WorkerEnvironment
) -> Pantry:
    """What every project links to, built when the cache does not have it yet."""
    cache = pytestconfig.cache
    assert cache is not None
    tools = StateFolder(cache.mkdir("mwaa"))
    return Pantry(
        worker_environment.path,
        tuple(ensure_tool_environment(tool, tools, fenced_environ, ignore_events).path for tool in Tool),
    )


@pytest.fixture(scope="session")
def shared_project(
    fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, pantry: Pantry
) -> Iterator[CommandProject]:
    """The project of the environment that tests share; nothing of it has been started."""
    project = CommandProject(tmp_path_factory.mktemp("shared") / "Übung mit Leerzeichen", fenced_environ)
    for dag in sorted((Path(__file__).parent / "dags").glob("*.py")):
        shutil.copy2(dag, project.root / "dags")
    pantry.stock(project.state)
    yield project
    project.clear_away()


@pytest.fixture(scope="session")
def first_up(shared_project: CommandProject) -> subprocess.CompletedProcess[str]:
    """The very first `up` of the shared project."""
    return shared_project.run("up")


@pytest.fixture
def shared_environment(
    shared_project: CommandProject, first_up: subprocess.CompletedProcess[str]
) -> CommandProject:
    """The shared environment, up and ready whatever the tests before have done to it."""
    assert first_up.returncode == 0, first_up.stderr
    shared_project.succeed("up")
    return shared_project


@pytest.fixture
def make_project(
    tmp_path: Path, pantry: Pantry, fenced_environ: Mapping[str, str]
) -> Iterator[Callable[[str], CommandProject]]:
    """Makes a project of the test's own, which needs to build nothing; it is gone after the test."""
    made: list[CommandProject] = []

    def make(name: str) -> CommandProject:
        project = CommandProject(tmp_path / name, fenced_environ)
        made.append(project)
        pantry.stock(project.state)
        return project

    yield make
    for project in made:
        project.clear_away()
    assert [os.fspath(project.root) for project in made if project.processes()] == []
