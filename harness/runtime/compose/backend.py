"""The compose backend: the services of the environment are containers that Docker Compose starts."""

from __future__ import annotations

import hashlib
import sys
import time
from typing import TYPE_CHECKING

from harness import process
from harness.errors import HarnessError, UsageError
from harness.events import StepFinished, StepStarted
from harness.images.engine import translated
from harness.project.excluded_files import TreeFile, walk_files
from harness.runtime.backend import Endpoints, LogLine, ServiceState, ServiceStatus
from harness.runtime.compose.bring_up import BringUp
from harness.runtime.compose.dags_arrival import newest_arrival
from harness.runtime.compose.logs import follow_lines, read_lines
from harness.runtime.compose.record import retire_record
from harness.runtime.compose.site import make_compose_site
from harness.runtime.compose.starting import READY_SECONDS, ComposeStarter, run_compose, stop_containers
from harness.runtime.compose.statuses import describe_services
from harness.runtime.locking import environment_lock, serialize_events
from harness.runtime.private_files import discard_folder
from harness.runtime.services import Role
from harness.runtime.services_table import component_names, role_of, stop_grades

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from harness.config.model import Settings
    from harness.events import EventSink
    from harness.project.layout import Project
    from harness.runtime.compose.containers import ContainerInfo
    from harness.runtime.compose.starting import EnsureImages

_CORE = tuple(role.value for role in (Role.POSTGRES, Role.LOCALSTACK, Role.CONTROLPLANE))


class ComposeBackend:
    """Runs the environment of one project in containers."""

    name = "compose"

    def __init__(
        self,
        project: Project,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        ensure_images: EnsureImages,
    ) -> None:
        self._site = make_compose_site(project, settings, environ)
        self._ensure_images = ensure_images

    def up(self, events: EventSink) -> None:
        self._run_starter(events, None)

    def start(self, events: EventSink) -> None:
        self._run_starter(events, frozenset(_CORE))

    def down(self, events: EventSink) -> None:
        with environment_lock(self._site.state, events):
            stop_containers(self._site, serialize_events(events))
            retire_record(self._site.state)

    def discard_volumes(self, events: EventSink) -> None:
        with environment_lock(self._site.state, events):
            if any(info.is_alive for info in self._site.containers()):
                raise HarnessError("the environment is running", hint="stop it first: mwaa-harness down")
            run_compose(self._site, self._site.command.discard(), "the volumes could not be deleted")
            discard_folder(self._site.folder)
            events(StepFinished("data", "discarded"))

    def status(self) -> Sequence[ServiceStatus]:
        record = self._site.known_record()
        containers = self._services()
        if record is None or not any(info.is_alive for info in containers):
            return [ServiceStatus(name, role_of(name), ServiceState.STOPPED) for name in self._usual_names()]
        found = describe_services(containers, record.ports, self._site.evidence(record))
        present = {line.name for line in found} | {line.role.value for line in found}
        missing = [
            name for name in self._usual_names() if name not in present and role_of(name).value not in present
        ]
        return [*found, *(ServiceStatus(name, role_of(name), ServiceState.STOPPED) for name in missing)]

    @property
    def task_logs(self) -> Path:
        return self._site.state.container_task_logs

    def is_up(self) -> bool:
        return self._site.known_record() is not None and any(
            info.is_alive for info in self._site.containers()
        )

    def logs(self, services: Sequence[str], since: datetime | None) -> Iterator[LogLine]:
        chosen = self._chosen(services)
        with self._site.engine() as client:
            yield from read_lines(client, chosen, since)

    def follow_logs(self, services: Sequence[str], since: datetime | None) -> Iterator[LogLine]:
        chosen = self._chosen(services)
        with self._site.engine() as client:
            yield from follow_lines(client, chosen, since)

    def restart(self, service: str, events: EventSink) -> None:
        events = serialize_events(events)
        with environment_lock(self._site.state, events):
            record = self._site.require_running()
            (info,) = self._chosen([service])
            with self._site.engine() as client:
                begun = time.monotonic()
                events(StepStarted(info.name, "stopping"))
                with translated():
                    client.api.stop(
                        info.id, timeout=round(sum(g.seconds for g in stop_grades(role_of(service))))
                    )
                    events(StepFinished(info.name, "stopped", time.monotonic() - begun))
                    client.api.start(info.id)
                BringUp(
                    client=client,
                    project=self._site.name,
                    command=None,
                    environ={},
                    expected={},
                    awaited=frozenset({info.service}),
                    evidence=self._site.evidence(record),
                    events=events,
                    scratch=self._site.folder,
                    restarted=frozenset({info.id}),
                ).run(READY_SECONDS + self._site.settings.local.startup_script_seconds)

    def airflow(self, arguments: Sequence[str]) -> int:
        self._site.require_running()
        worker = next((info for info in self._services() if info.role is Role.WORKER and info.is_alive), None)
        if worker is None:
            raise HarnessError("no worker is running to run Airflow's commands in")
        terminal = ("--interactive", *(("--tty",) if sys.stdin.isatty() and sys.stdout.isatty() else ()))
        command = ("docker", "exec", *terminal, worker.id, "/entrypoint", "airflow", *arguments)
        return process.attach(command, env=self._site.environ)

    def endpoints(self) -> Endpoints:
        return self._site.require_running().endpoints

    def dags_arrived(self) -> datetime | None:
        record = self._site.require_running()
        folder = self._site.project.dags_folder
        wanted = {
            entry.relative: hashlib.md5(entry.path.read_bytes(), usedforsecurity=False).hexdigest()
            for entry in walk_files(folder)
            if isinstance(entry, TreeFile)
        }
        hosts = [info.host for info in self._services() if info.is_alive and info.service not in _DATALESS]
        return newest_arrival(wanted, hosts, self._site.evidence(record).read_board())

    def _run_starter(self, events: EventSink, awaited: frozenset[str] | None) -> None:
        events = serialize_events(events)
        with environment_lock(self._site.state, events):
            ComposeStarter(self._site, self._ensure_images, events, awaited).run()

    def _services(self) -> tuple[ContainerInfo, ...]:
        return tuple(info for info in self._site.containers() if info.role is not None)

    def _usual_names(self) -> tuple[str, ...]:
        return (*_CORE, *component_names(self._site.settings))

    def _chosen(self, services: Sequence[str]) -> tuple[ContainerInfo, ...]:
        containers = self._services()
        names = [info.name for info in containers] or list(self._usual_names())
        strangers = [service for service in services if service not in names]
        if strangers:
            raise UsageError(
                f"there is no service {strangers[0]!r}", hint=f"the services are {', '.join(names)}"
            )
        return tuple(info for info in containers if not services or info.name in services)


_DATALESS = frozenset({Role.POSTGRES.value, Role.LOCALSTACK.value})
