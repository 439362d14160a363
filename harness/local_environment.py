"""The composition root: one project's settings, worker environment and backend, put together.

The command line and the pytest plugin use this and nothing below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config.load import LoadedSettings, load_settings
from harness.config.model import RuntimeChoice, Settings
from harness.events import EventSink, Notice
from harness.images.references import BaseImage, airflow_image
from harness.project.input_files import require_input_files
from harness.project.layout import Project, locate_project
from harness.runtime.backend import Backend
from harness.runtime.compose.record import record_file
from harness.runtime.docker_engine import DockerAnswer, ask_docker_with_images
from harness.runtime.registry import Selection, select_runtime
from harness.runtime.state import state_file
from harness.workerenv.matrix import support_row

if TYPE_CHECKING:
    from pathlib import Path

    from harness.images.ensure import Images
    from harness.workerenv.store import WorkerEnvironment
    from harness.workerenv.tools import Tool, ToolEnvironment


@dataclass(frozen=True)
class LocalEnvironment:
    """One project's environment on this machine, running or not."""

    project: Project
    loaded: LoadedSettings
    backend: Backend
    environ: Mapping[str, str]
    selection: Selection

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
        events(Notice(str(self.selection)))


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
        HarnessError: the environment is up on another runtime than the one that is demanded.
    """
    loaded = load_settings(root, environ, overrides)
    settings = loaded.settings
    project = locate_project(root, settings.local)
    selection = select_runtime(
        settings.local.runtime,
        running=_running_runtime(project, settings, environ),
        is_demanded="local.runtime" in overrides,
        ask=lambda: _ask_docker(settings, environ),
    )
    backend = _BUILDERS[selection.runtime](project, settings, environ)
    return LocalEnvironment(project, loaded, backend, environ, selection)


def _running_runtime(
    project: Project, settings: Settings, environ: Mapping[str, str]
) -> RuntimeChoice | None:
    """The backend whose environment is up; containers count until `down`, as their engine may be away."""
    from harness.runtime.site import make_site  # noqa: PLC0415 - slow to import

    if record_file(project.state).exists():
        return RuntimeChoice.COMPOSE
    if state_file(project.state).exists() and make_site(project, settings, environ).supervisor.is_answering():
        return RuntimeChoice.NATIVE
    return None


def _ask_docker(settings: Settings, environ: Mapping[str, str]) -> DockerAnswer:
    row = support_row(settings.environment.airflow_version)
    references = (airflow_image(row), BaseImage.POSTGRES.reference, BaseImage.LOCALSTACK.reference)
    return ask_docker_with_images(environ, references)


def _build_native(project: Project, settings: Settings, environ: Mapping[str, str]) -> Backend:
    from harness.runtime.native import NativeBackend  # noqa: PLC0415 - slow to import

    def ensure_worker(events: EventSink) -> WorkerEnvironment:
        from harness.workerenv.store import ensure_worker_environment  # noqa: PLC0415 - only `up` needs it

        return ensure_worker_environment(project, settings, environ, events)

    def ensure_tool(tool: Tool, events: EventSink) -> ToolEnvironment:
        from harness.workerenv.tools import ensure_tool_environment  # noqa: PLC0415 - as above

        return ensure_tool_environment(tool, project.state, environ, events)

    return NativeBackend(project, settings, environ, ensure_worker=ensure_worker, ensure_tool=ensure_tool)


def _build_compose(project: Project, settings: Settings, environ: Mapping[str, str]) -> Backend:
    from harness.runtime.compose.backend import ComposeBackend  # noqa: PLC0415 - slow to import

    def ensure(events: EventSink) -> Images:
        from harness.images.ensure import ensure_images  # noqa: PLC0415 - only `up` needs it

        return ensure_images(project, settings, environ, events)

    return ComposeBackend(project, settings, environ, ensure_images=ensure)


_BUILDERS: Mapping[RuntimeChoice, Callable[[Project, Settings, Mapping[str, str]], Backend]] = {
    RuntimeChoice.NATIVE: _build_native,
    RuntimeChoice.COMPOSE: _build_compose,
}
