"""An environment in containers, shared by the tests of a module."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import process
from harness.config.model import Settings
from harness.images.engine import open_engine
from harness.runtime.compose.containers import ContainerInfo, list_containers
from harness.runtime.compose.record import ComposeRecord, read_record
from harness.runtime.compose.site import make_compose_site
from tests.docker_requirement import require_docker
from tests.environments import SETTINGS, CommandProject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import DockerClient

    from harness.runtime.backend import Endpoints
    from tests.environments import Pantry


class ComposeProject(CommandProject):
    """A project folder whose environment is made of containers."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        super().__init__(root, environ)
        self.write("mwaa.toml", SETTINGS.replace('"native"', '"compose"'))

    @property
    def name(self) -> str:
        """The compose project name."""
        return make_compose_site(self.project, Settings(), self.environ).name

    def record(self) -> ComposeRecord:
        record = read_record(self.state)
        assert record is not None
        return record

    @property
    def endpoints(self) -> Endpoints:
        return self.record().endpoints

    @contextlib.contextmanager
    def engine(self) -> Iterator[DockerClient]:
        with open_engine(self.environ) as client:
            yield client

    def infos(self) -> Mapping[str, ContainerInfo]:
        """The containers by the name of their service."""
        with self.engine() as client:
            return {info.name: info for info in list_containers(client, self.name)}

    def containers(self) -> list[str]:
        return list(self.infos())

    def networks(self) -> list[str]:
        with self.engine() as client:
            label = f"com.docker.compose.project={self.name}"
            return [str(network.attrs["Name"]) for network in client.networks.list(filters={"label": label})]

    def docker(self, *arguments: str) -> str:
        """Run the docker command to its end; what it said."""
        return process.check(["docker", *arguments], env=self.environ, timeout=120).stdout

    def clear_away(self) -> None:
        self.run("down", "--volumes")
        assert self.containers() + self.networks() == []


@pytest.fixture(scope="module")
def compose_project(
    fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory, pantry: Pantry
) -> Iterator[ComposeProject]:
    """The project of the environment that a module shares; nothing of it has been started."""
    require_docker(fenced_environ)
    project = ComposeProject(tmp_path_factory.mktemp("compose") / "Übung im Behälter", fenced_environ)
    for dag in sorted((Path(__file__).parent.parent / "dags").glob("*.py")):
        shutil.copy2(dag, project.root / "dags")
    pantry.stock(project.state)
    leave_task_logs(project)
    yield project
    project.clear_away()


def leave_task_logs(project: ComposeProject) -> None:
    """As an environment without containers leaves them: the user of the containers may not write there."""
    log = project.state.task_logs / "dag_processor_manager" / "dag_processor_manager.log"
    log.parent.mkdir(parents=True)
    log.touch(0o600)
    log.parent.chmod(0o700)


@pytest.fixture
def compose_up(compose_project: ComposeProject) -> ComposeProject:
    """The shared environment, up and ready whatever the tests before have done to it."""
    compose_project.succeed("up")
    return compose_project
