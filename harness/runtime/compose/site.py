"""What every part of the compose backend works on: one project, its environment's name, its engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config.model import Settings
from harness.errors import HarnessError
from harness.images.engine import open_engine, translated
from harness.project.layout import Project, StateFolder
from harness.runtime.compose.command import ComposeCommand, compose_file
from harness.runtime.compose.containers import ContainerInfo, list_containers
from harness.runtime.compose.evidence import ComposeEvidence
from harness.runtime.compose.record import ComposeRecord, RecordError, read_record
from harness.runtime.marks import instance_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import DockerClient


@dataclass(frozen=True)
class ComposeSite:
    """One project's environment in containers, running or not."""

    project: Project
    settings: Settings
    environ: Mapping[str, str]
    name: str

    @property
    def state(self) -> StateFolder:
        return self.project.state

    @property
    def folder(self) -> Path:
        """What `up` writes for Compose and for containers."""
        return self.state.run / "compose"

    @property
    def command(self) -> ComposeCommand:
        return ComposeCommand(self.name, compose_file(), self.project.root)

    @contextmanager
    def engine(self) -> Iterator[DockerClient]:
        """A client of the engine.

        Raises:
            HarnessError: no engine answers, or it does not let this user in.
        """
        with open_engine(self.environ) as client:
            yield client

    def containers(self) -> tuple[ContainerInfo, ...]:
        """The environment's containers, those of one-shot services too."""
        with self.engine() as client, translated():
            return list_containers(client, self.name)

    def known_record(self) -> ComposeRecord | None:
        """The environment last started here in containers; a damaged record counts as none."""
        try:
            return read_record(self.state)
        except RecordError:
            return None

    def require_running(self) -> ComposeRecord:
        """The environment that runs now.

        Raises:
            HarnessError: none runs.
        """
        record = self.known_record()
        if record is None or not any(info.is_alive for info in self.containers()):
            raise HarnessError("no environment is running", hint="start one: mwaa-harness up")
        return record

    def evidence(self, record: ComposeRecord) -> ComposeEvidence:
        return ComposeEvidence(record.endpoints)


def make_compose_site(project: Project, settings: Settings, environ: Mapping[str, str]) -> ComposeSite:
    """The site of `project`; its compose project name is made of the project's place, as native names are."""
    return ComposeSite(project, settings, environ, f"mwaa-{instance_of(project.root)}")
