"""Where things are: the project's own files, and everything below its one state folder `.mwaa/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.model import SETTINGS_FILE

if TYPE_CHECKING:
    from harness.config.model import LocalSettings

STATE_FOLDER = ".mwaa"


@dataclass(frozen=True)
class StateFolder:
    """Paths below `.mwaa/`; nothing here creates them."""

    root: Path

    @property
    def worker_environments(self) -> Path:
        """Content-addressed worker environments, one folder each, and the link `current`."""
        return self.root / "envs"

    @property
    def tools(self) -> Path:
        """Content-addressed environments of our own services: LocalStack, PostgreSQL."""
        return self.root / "tools"

    @property
    def secrets_file(self) -> Path:
        """Generated secrets (Fernet key, passwords), mode 0600, stable until the folder is deleted."""
        return self.root / "secrets.json"

    @property
    def data(self) -> Path:
        """What survives `down` and goes with `down --volumes`: the PostgreSQL cluster."""
        return self.root / "data"

    @property
    def source(self) -> Path:
        """Copies of what the source bucket holds for components; it survives what LocalStack forgets."""
        return self.data / "source"

    @property
    def cache(self) -> Path:
        """Rebuildable things that survive `down --volumes`: the migrated database template."""
        return self.root / "cache"

    @property
    def run(self) -> Path:
        """The running environment: state file, supervisor configuration, sockets, component homes."""
        return self.root / "run"

    @property
    def homes(self) -> Path:
        """One AIRFLOW_HOME per component: `homes/scheduler`, `homes/worker`, `homes/webserver`, …."""
        return self.run / "homes"

    @property
    def logs(self) -> Path:
        """One log file per service, `logs/<service>.log`, and the task logs."""
        return self.root / "logs"

    @property
    def task_logs(self) -> Path:
        """The task logs of the environment without containers."""
        return self.logs / "tasks"

    @property
    def container_task_logs(self) -> Path:
        """The task logs of containers, which write as a user of their own: never beside the other ones."""
        return self.logs / "container-tasks"

    @property
    def reports(self) -> Path:
        """Reports of unexpected errors."""
        return self.root / "reports"


@dataclass(frozen=True)
class Project:
    """A user's project: its root folder and where its parts are (absolute paths; they need not exist)."""

    root: Path
    dags_folder: Path
    plugins_folder: Path
    requirements_file: Path
    startup_script: Path
    seeds_file: Path
    tests_file: Path

    @property
    def state(self) -> StateFolder:
        return StateFolder(self.root / STATE_FOLDER)

    @property
    def settings_file(self) -> Path:
        return self.root / SETTINGS_FILE


def locate_project(root: Path, local: LocalSettings) -> Project:
    """The parts of the project in folder `root` (absolute) as `local` names them."""
    return Project(
        root=root,
        dags_folder=root / local.dags_folder,
        plugins_folder=root / local.plugins_folder,
        requirements_file=root / local.requirements_file,
        startup_script=root / local.startup_script,
        seeds_file=root / local.seeds_file,
        tests_file=root / local.tests_file,
    )
