"""What every part of the native backend works on: one project, its environment's name, its supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.config.model import Settings
from harness.errors import HarnessError
from harness.project.layout import Project, StateFolder
from harness.runtime.marks import instance_of
from harness.runtime.readiness import Evidence
from harness.runtime.short_folder import locate_short_folder
from harness.runtime.state import EnvironmentState, StateError, read_state
from harness.runtime.supervisor import ProcessInfo, Supervisor, SupervisorGoneError


@dataclass(frozen=True)
class Site:
    """One project's environment on this machine, running or not."""

    project: Project
    settings: Settings
    environ: Mapping[str, str]
    instance: str
    short_folder: Path

    @property
    def state(self) -> StateFolder:
        return self.project.state

    @property
    def cluster(self) -> Path:
        """The database cluster's folder."""
        return self.state.data / "postgres"

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.short_folder)

    def processes(self) -> dict[str, ProcessInfo]:
        """What the supervisor knows; nothing when there is none."""
        try:
            return self.supervisor.processes()
        except SupervisorGoneError:
            return {}

    def known_state(self) -> EnvironmentState | None:
        """The environment last started here; a damaged record counts as none."""
        try:
            return read_state(self.state)
        except StateError:
            return None

    def require_running(self) -> EnvironmentState:
        """The environment that runs now.

        Raises:
            HarnessError: none runs.
        """
        state = self.known_state()
        if state is None or not any(info.is_alive for info in self.processes().values()):
            raise HarnessError("no environment is running", hint="start one: mwaa-harness up")
        return state

    def evidence(self, state: EnvironmentState) -> Evidence:
        """Where the readiness of its services shows."""
        return Evidence(state.endpoints, self.state.run, state.homes)


def make_site(project: Project, settings: Settings, environ: Mapping[str, str]) -> Site:
    """The site of `project`."""
    instance = instance_of(project.root)
    return Site(project, settings, environ, instance, locate_short_folder(instance, environ))
