"""One environment per runtime backend that this machine can run, shared by the whole suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.config.model import EnvironmentSettings, LocalSettings, Settings
from harness.events import Event, EventSink, ignore_events
from harness.images.engine import open_engine
from harness.images.ensure import Images, ensure_images
from harness.project.layout import Project, locate_project
from harness.runtime.backend import Backend
from harness.runtime.compose.backend import ComposeBackend
from harness.runtime.compose.record import record_file
from harness.runtime.compose.site import make_compose_site
from harness.runtime.marks import find_marked, instance_of
from harness.runtime.native import NativeBackend
from harness.runtime.state import state_file
from harness.workerenv.store import ensure_worker_environment
from harness.workerenv.tools import ensure_tool_environment
from tests.docker_requirement import require_docker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


# Environments stand by while others are tested: their idle schedulers must leave the processors alone.
SETTINGS = Settings(
    environment=EnvironmentSettings(
        airflow_configuration_options={"scheduler.scheduler_idle_sleep_time": "0.5"}
    )
)

DAG = """
from datetime import datetime

from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def contract():
    @task
    def multiply():
        return 3 * 5

    multiply()


contract()
"""


@dataclass(frozen=True)
class NativeTrace:
    """Processes, which carry a mark."""

    project: Project
    name: str = "native"

    @property
    def state_file(self) -> Path:
        return state_file(self.project.state)

    def processes(self) -> list[psutil.Process]:
        return [process for process, _ in find_marked(instance_of(self.project.root))]

    def remains(self) -> Sequence[str]:
        return [str(process) for process in self.processes()]

    def kill_everything(self) -> None:
        for process in self.processes():
            process.kill()

    def listening_addresses(self) -> set[str]:
        roots = self.processes()
        family = [process for root in roots for process in (root, *root.children(recursive=True))]
        return {
            connection.laddr.ip
            for process in family
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN and connection.laddr
        }


@dataclass(frozen=True)
class ComposeTrace:
    """Containers and networks, which carry the name of their compose project."""

    project: Project
    name: str = "compose"

    @property
    def state_file(self) -> Path:
        return record_file(self.project.state)

    @property
    def label(self) -> str:
        site = make_compose_site(self.project, Settings(), {})
        return f"com.docker.compose.project={site.name}"

    def remains(self) -> Sequence[str]:
        with open_engine(os.environ) as client:
            containers = client.containers.list(all=True, filters={"label": self.label})
            networks = client.networks.list(filters={"label": self.label})
            return [str(one.attrs["Id"]) for one in (*containers, *networks)]

    def kill_everything(self) -> None:
        with open_engine(os.environ) as client:
            for container in client.containers.list(filters={"label": self.label}):
                container.kill()

    def listening_addresses(self) -> set[str]:
        with open_engine(os.environ) as client:
            return {
                binding["HostIp"]
                for container in client.containers.list(filters={"label": self.label})
                for bindings in container.attrs["HostConfig"]["PortBindings"].values()
                for binding in bindings
            }


@dataclass
class Subject:
    """A backend and the project it runs; `make` gives another backend object for the same project.

    A test that changes `settings` hands the changed environment on: going back would start most of it anew.
    """

    project: Project
    settings: Settings
    make: Callable[[Settings], Backend]
    trace: NativeTrace | ComposeTrace

    @property
    def backend(self) -> Backend:
        return self.make(self.settings)

    def up(self) -> list[Event]:
        heard: list[Event] = []
        self.backend.up(heard.append)
        return heard

    def discard(self) -> None:
        """Stop it and leave nothing of it."""
        self.backend.down(ignore_events)
        self.backend.discard_volumes(ignore_events)


def make_native(project: Project, environ: Mapping[str, str], cache: Path) -> Callable[[Settings], Backend]:
    """Native backends for `project` whose environments are built once and kept in `cache`."""
    builder = replace(project, root=cache)

    def make(settings: Settings) -> Backend:
        return NativeBackend(
            project,
            settings,
            environ,
            ensure_worker=lambda events: ensure_worker_environment(builder, settings, environ, events),
            ensure_tool=lambda tool, events: ensure_tool_environment(tool, builder.state, environ, events),
        )

    return make


def make_compose(project: Project, environ: Mapping[str, str], _: Path) -> Callable[[Settings], Backend]:
    """Compose backends for `project`, whose images are had once."""
    images: list[Images] = []

    def ensure(settings: Settings, events: EventSink) -> Images:
        if not images:
            images.append(ensure_images(project, settings, environ, events))
        return images[0]

    def make(settings: Settings) -> Backend:
        return ComposeBackend(
            project,
            settings,
            environ,
            ensure_images=lambda events: ensure(settings, events),
        )

    return make


Maker = Callable[[Project, Mapping[str, str], Path], Callable[[Settings], Backend]]
BACKENDS: Mapping[str, tuple[Maker, type[NativeTrace | ComposeTrace]]] = {
    "native": (make_native, NativeTrace),
    "compose": (make_compose, ComposeTrace),
}
PARAMETERS = [pytest.param("native"), pytest.param("compose", marks=pytest.mark.docker)]


@pytest.fixture(scope="module")
def make_subject(
    tmp_path_factory: pytest.TempPathFactory,
    fenced_environ: Mapping[str, str],
    pytestconfig: pytest.Config,
) -> Iterator[Callable[[str], Subject]]:
    """Makes a project with one DAG and a backend for it; what it started is stopped after the module."""
    made: list[Subject] = []

    def make(name: str) -> Subject:
        cache = pytestconfig.cache
        assert cache is not None
        if name == "compose":
            require_docker(os.environ)
        root = tmp_path_factory.mktemp("contract") / "ein Projekt für alle"
        (root / "dags").mkdir(parents=True)
        (root / "dags" / "contract.py").write_text(DAG, encoding="utf-8")
        project = locate_project(root, LocalSettings())
        environ = {**os.environ, **fenced_environ}
        make_backend, trace = BACKENDS[name]
        backend = make_backend(project, environ, cache.mkdir("mwaa"))
        subject = Subject(project, SETTINGS, backend, trace(project))
        made.append(subject)
        return subject

    yield make
    for subject in made:
        subject.discard()
