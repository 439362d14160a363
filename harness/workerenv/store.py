"""The worker environments of a project: one folder per content, and `current`, which the services use.

A changed input builds a new environment beside the old one and then switches; a build that fails leaves
the old one current. That is MWAA's rollback.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.workerenv.building import Building, ensure_built
from harness.workerenv.interpreter_cache import recall_interpreter
from harness.workerenv.matrix import support_row
from harness.workerenv.packager import find_packager
from harness.workerenv.worker import build_worker, ensure_base
from harness.workerenv.worker_content import STEP, WorkerContent, read_worker_content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config.model import Settings
    from harness.events import EventSink
    from harness.project.layout import Project, StateFolder

_CURRENT = "current"


@dataclass(frozen=True)
class WorkerEnvironment:
    """A finished worker environment."""

    path: Path
    fingerprint: str

    @property
    def bin(self) -> Path:
        return self.path / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def airflow(self) -> Path:
        return self.bin / "airflow"


def ensure_worker_environment(
    project: Project, settings: Settings, environ: Mapping[str, str], events: EventSink
) -> WorkerEnvironment:
    """The worker environment of the project as it is now, built if needed, and made the current one.

    Raises:
        UsageError: the Airflow version is not supported, a requirement line is wrong, or there is no
            suitable interpreter.
        HarnessError: it cannot be built; says why. The environment that was current stays so.
    """
    content = worker_content(project, settings, environ, events)

    def build(folder: Path) -> None:
        build_worker(content, project.state, folder, environ, events)

    key = content.fingerprint
    path = ensure_built(worker_building(project.state), key, build, events)
    _switch(project.state, key)
    return WorkerEnvironment(path, key)


def ensure_worker_base(
    project: Project, settings: Settings, environ: Mapping[str, str], events: EventSink
) -> Path:
    """The folder of the environment that the project's requirements are installed into, without them.

    It is what `startup.sh` finds on MWAA, which runs the script first. It is shared: nobody may change it.

    Raises:
        UsageError: as `ensure_worker_environment`.
        HarnessError: it cannot be built; says why.
    """
    content = worker_content(project, settings, environ, events)
    return ensure_base(content, project.state, find_packager(environ, {}), events)


def worker_content(
    project: Project, settings: Settings, environ: Mapping[str, str], events: EventSink
) -> WorkerContent:
    """What the worker environment of the project holds by its files as they are now.

    Raises:
        UsageError: as `ensure_worker_environment`.
    """
    row = support_row(settings.environment.airflow_version)
    interpreter = recall_interpreter((row.python_series,), project.state, environ, events)
    return read_worker_content(project, settings, row, interpreter)


def worker_building(state: StateFolder) -> Building:
    """Where worker environments are built."""
    return Building(state.worker_environments, "worker", STEP)


def current_worker_environment(state: StateFolder) -> WorkerEnvironment | None:
    """The environment that was ensured last; None before the first."""
    link = state.worker_environments / _CURRENT
    try:
        key = link.readlink().name
    except OSError:
        return None
    path = state.worker_environments / key
    return WorkerEnvironment(path, key) if path.is_dir() else None


def _switch(state: StateFolder, key: str) -> None:
    current = current_worker_environment(state)
    if current is not None and current.fingerprint == key:
        return
    link = state.worker_environments / _CURRENT
    fresh = state.worker_environments / f".current-{secrets.token_hex(4)}"
    try:
        fresh.symlink_to(key)
        fresh.replace(link)
    except OSError as error:
        raise HarnessError(f"{link} cannot be switched to {key}: {error.strerror or error}") from error
