"""The composition root: one project's settings, worker environment and backend, put together.

The command line and the pytest plugin use this and nothing below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config.load import LoadedSettings, load_settings
from harness.config.model import RuntimeChoice, Settings
from harness.events import EventSink, Notice
from harness.project.input_files import require_input_files
from harness.project.layout import Project, locate_project
from harness.runtime.backend import Backend
from harness.runtime.docker_engine import DockerAnswer, ask_docker
from harness.runtime.registry import explain_runtime, select_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from harness.workerenv.store import WorkerEnvironment
    from harness.workerenv.tools import Tool, ToolEnvironment


@dataclass(frozen=True)
class LocalEnvironment:
    """One project's environment on this machine, running or not."""

    project: Project
    loaded: LoadedSettings
    backend: Backend
    environ: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def ensure_worker_environment(self, events: EventSink) -> WorkerEnvironment:
        """The worker environment of the project as it is now, built if needed.

        Raises:
            HarnessError: it cannot be built; says why.
        """
        from harness.workerenv.store import ensure_worker_environment  # noqa: PLC0415 - slow to import

        return ensure_worker_environment(self.project, self.settings, self.environ, events)

    def require_inputs(self) -> None:
        """Check the project's files before anything is started.

        Raises:
            CollectedError: the DAGs folder or a configured file is missing.
        """
        require_input_files(self.project, self.loaded.origins)

    def announce_runtime(self, events: EventSink) -> None:
        """Say in one line which backend runs the services, and why."""
        choice = self.settings.local.runtime
        docker = ask_docker(self.environ) if choice is RuntimeChoice.AUTO else DockerAnswer()
        events(Notice(explain_runtime(choice, docker)))


def open_environment(
    root: Path, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> LocalEnvironment:
    """The environment of the project in folder `root`; nothing is started or written.

    Args:
        root: the project's folder, absolute.
        environ: the variables of this process.
        overrides: values of flags by the option's path, e.g. {"local.runtime": "native"}.

    Raises:
        CollectedError: some settings are wrong.
        UsageError: the runtime that is asked for is not available.
    """
    loaded = load_settings(root, environ, overrides)
    project = locate_project(root, loaded.settings.local)
    backend = _build_backend(project, loaded.settings, environ)
    return LocalEnvironment(project, loaded, backend, environ)


def _build_backend(project: Project, settings: Settings, environ: Mapping[str, str]) -> Backend:
    from harness.runtime.native import NativeBackend  # noqa: PLC0415 - slow to import

    select_runtime(settings.local.runtime)

    def ensure_worker(events: EventSink) -> WorkerEnvironment:
        from harness.workerenv.store import ensure_worker_environment  # noqa: PLC0415 - only `up` needs it

        return ensure_worker_environment(project, settings, environ, events)

    def ensure_tool(tool: Tool, events: EventSink) -> ToolEnvironment:
        from harness.workerenv.tools import ensure_tool_environment  # noqa: PLC0415 - as above

        return ensure_tool_environment(tool, project.state, environ, events)

    return NativeBackend(project, settings, environ, ensure_worker=ensure_worker, ensure_tool=ensure_tool)
