"""The native backend: every service of the environment is an ordinary process under supervisord."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError, UsageError
from harness.events import StepFinished
from harness.project.excluded_files import TreeFile, walk_files
from harness.runtime.backend import Endpoints, LogLine, ServiceState, ServiceStatus
from harness.runtime.bring_up import BringUp
from harness.runtime.database import Database
from harness.runtime.locking import environment_lock, serialize_events
from harness.runtime.log_files import follow_lines, read_lines
from harness.runtime.plan import GO_FILE
from harness.runtime.postgres import locate_programs
from harness.runtime.private_files import discard_folder
from harness.runtime.services import Role
from harness.runtime.services_table import component_names, role_of
from harness.runtime.site import make_site
from harness.runtime.statuses import describe_services
from harness.runtime.stopping import clear_leftovers, stop_environment, stop_services, stoppable
from harness.runtime.synced_files import newest_arrival

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from harness.config.model import Settings
    from harness.events import EventSink
    from harness.project.layout import Project
    from harness.runtime.starting import EnsureTool, EnsureWorker

_CORE = tuple(role.value for role in (Role.POSTGRES, Role.LOCALSTACK, Role.CONTROLPLANE))
_RESTART_SECONDS = 180.0
_RUN_DAG_CODE = frozenset({Role.SCHEDULER, Role.WORKER, Role.TRIGGERER})


class NativeBackend:
    """Runs the environment of one project without containers."""

    name = "native"

    def __init__(
        self,
        project: Project,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        ensure_worker: EnsureWorker,
        ensure_tool: EnsureTool,
    ) -> None:
        self._site = make_site(project, settings, environ)
        self._ensure_worker = ensure_worker
        self._ensure_tool = ensure_tool

    def up(self, events: EventSink) -> None:
        self._run_starter(events, None)

    def start(self, events: EventSink) -> None:
        self._run_starter(events, frozenset(_CORE))

    def down(self, events: EventSink) -> None:
        with environment_lock(self._site.state, events):
            stop_environment(self._site, serialize_events(events))

    def discard_volumes(self, events: EventSink) -> None:
        with environment_lock(self._site.state, events):
            if self._site.supervisor.is_answering():
                raise HarnessError("the environment is running", hint="stop it first: mwaa-harness down")
            clear_leftovers(self._site, events)
            Database(self._site.state, locate_programs(self._site.state.tools)).discard()
            discard_folder(self._site.state.source)
            events(StepFinished("data", "discarded"))

    def status(self) -> Sequence[ServiceStatus]:
        processes, state = self._site.processes(), self._site.known_state()
        if state is None or not processes:
            return [ServiceStatus(name, role_of(name), ServiceState.STOPPED) for name in self._names()]
        return describe_services(self._names(), processes, state, self._site.evidence(state))

    @property
    def task_logs(self) -> Path:
        return self._site.state.task_logs

    def is_up(self) -> bool:
        return any(info.is_alive for info in self._site.processes().values())

    def logs(self, services: Sequence[str], since: datetime | None) -> Iterator[LogLine]:
        for name in self._chosen(services):
            yield from read_lines(self._site.state.logs, name, since)

    def follow_logs(self, services: Sequence[str], since: datetime | None) -> Iterator[LogLine]:
        names = self._chosen(services)
        following = follow_lines(self._site.state.logs, names)
        yield from self.logs(names, since)
        yield from following

    def restart(self, service: str, events: EventSink) -> None:
        events = serialize_events(events)
        with environment_lock(self._site.state, events):
            state = self._site.require_running()
            (name,) = self._chosen([service])
            stop_services(self._site, [name], events)
            bring_up = BringUp(
                self._site.supervisor,
                [stoppable(name)],
                frozenset({name}),
                self._site.evidence(state),
                self._site.state.logs,
                events,
                self._site.state.run / GO_FILE,
            )
            bring_up.run(_RESTART_SECONDS + self._site.settings.local.startup_script_seconds)

    def airflow(self, arguments: Sequence[str]) -> int:
        from harness.runtime.airflow_command import run_airflow  # noqa: PLC0415 - as in `_run_starter`

        return run_airflow(self._site, self._site.require_running(), arguments)

    def dags_arrived(self) -> datetime | None:
        homes = self._site.require_running().homes.items()
        copies = [home / "dags" for name, home in homes if role_of(name) in _RUN_DAG_CODE]
        folder = self._site.project.dags_folder
        sources = [entry.relative for entry in walk_files(folder) if isinstance(entry, TreeFile)]
        return newest_arrival(folder, sources, copies)

    def endpoints(self) -> Endpoints:
        return self._site.require_running().endpoints

    def _run_starter(self, events: EventSink, awaited: frozenset[str] | None) -> None:
        from harness.runtime.starting import Starter  # noqa: PLC0415 - slow; `status` and `logs` go without

        events = serialize_events(events)
        with environment_lock(self._site.state, events):
            Starter(self._site, self._ensure_worker, self._ensure_tool, events, awaited).run()

    def _names(self) -> tuple[str, ...]:
        """The services of the running environment, else those that `up` would start."""
        state = self._site.known_state()
        if state is not None and self._site.processes():
            return state.services
        return (*_CORE, *component_names(self._site.settings))

    def _chosen(self, services: Sequence[str]) -> tuple[str, ...]:
        names = self._names()
        strangers = [service for service in services if service not in names]
        if strangers:
            raise UsageError(
                f"there is no service {strangers[0]!r}", hint=f"the services are {', '.join(names)}"
            )
        return tuple(services) or names
