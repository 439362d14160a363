"""Starting services in the order of their needs, side by side where they may, until all are ready."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from harness.errors import HarnessError
from harness.events import EventSink, StepFailed, StepFinished, StepProgressed, StepStarted
from harness.runtime.log_files import last_lines
from harness.runtime.private_files import state_folder_error
from harness.runtime.readiness import Evidence, probe_service
from harness.runtime.services import Role, Service
from harness.runtime.supervisor import ProcessInfo, Supervisor
from harness.waiting import Answer, DeadlineError, Hopeless, NotYet, Ready, wait_until

SHOWN_LINES = 25
_TOLD_EVERY = 2.0
_INTERVAL = 0.16
_CALM = 10.0  # a question that took long is asked more seldom: asking must not slow down what is asked
_LONGEST_PAUSE = 0.6
_LEAST_FREE = 1 << 20


class Order(Enum):
    """When services start whose needs are not ready yet."""

    BY_NEEDS = "by needs"
    AT_ONCE = "at once"


@dataclass
class _Progress:
    """How far one service has come."""

    service: Service
    begun: float = 0.0
    pid: int | None = None
    was_running: bool = False
    is_started: bool = False
    is_ready: bool = False
    asking: Future[tuple[Answer, float]] | None = None
    reason: str = "not started"
    told: float = 0.0
    ask_again: float = 0.0


@dataclass
class BringUp:
    """One ordered start.

    Attributes:
        supervisor: knows all `services`.
        services: what shall run; dependencies that are not in it count as ready.
        awaited: names of those whose readiness is waited for.
        evidence: where readiness shows.
        logs: the folder of log files.
        events: hears about every step.
        go_file: written when all needs are ready; components hold until it is there.
        order: whether services start in the order of their needs, or at once, to load while they hold.
        gates: work to do once a service is ready the first time, before its dependants start.
        probe: asks once whether a service is ready.
    """

    supervisor: Supervisor
    services: Sequence[Service]
    awaited: frozenset[str]
    evidence: Evidence
    logs: Path
    events: EventSink
    go_file: Path
    order: Order = Order.BY_NEEDS
    gates: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    probe: Callable[[Role, ProcessInfo, int, Evidence], Answer] = probe_service
    started: list[Service] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Start everything and return when what is awaited is ready; `started` tells what this run started.

        Raises:
            HarnessError: a service ended, or was not ready within `seconds`.
        """
        progress = {service.name: _Progress(service) for service in self.services}
        executor = ThreadPoolExecutor(max_workers=max(1, len(progress)), thread_name_prefix="probe")
        try:
            wait_until(
                lambda: self._advance(progress, executor),
                subject="the environment",
                seconds=seconds,
                interval=_INTERVAL,
            )
        except DeadlineError as error:
            raise self._late(progress, seconds) from error
        finally:  # a gate may take long; whoever handles the error ends what it works with
            executor.shutdown(wait=False, cancel_futures=True)

    def _advance(self, progress: dict[str, _Progress], executor: ThreadPoolExecutor) -> Answer:
        processes = self.supervisor.processes()
        served = {name for name, item in progress.items() if self._has_its_needs(item, progress)}
        if len(served) == len(progress):
            self._let_go()
        for item in progress.values():
            if not item.is_started:
                self._start_when_possible(item, progress, processes)
                continue
            if item.is_ready or item.service.name not in served:
                error = self._find_death(item, processes)
            else:
                error = self._ask(item, progress, processes, executor)
            if error is not None:
                self.events(StepFailed(item.service.name, error.message))
                return Hopeless(error)
        waiting = [
            item for item in progress.values() if not item.is_ready and item.service.name in self.awaited
        ]
        unstarted = [item for item in progress.values() if not item.is_started]
        if waiting or unstarted:
            return NotYet(", ".join(item.service.name for item in (*waiting, *unstarted)))
        return Ready("every service is ready")

    def _start_when_possible(
        self, item: _Progress, progress: Mapping[str, _Progress], processes: Mapping[str, ProcessInfo]
    ) -> None:
        if self.order is Order.BY_NEEDS and not self._has_its_needs(item, progress):
            return
        info = processes[item.service.name]
        item.begun = time.monotonic()
        item.is_started = True
        item.was_running = info.is_alive
        if not info.is_alive:
            self.started.append(item.service)
            self.events(StepStarted(item.service.name))
            self.supervisor.start(item.service.name)

    def _let_go(self) -> None:
        try:
            self.go_file.touch()
        except OSError as error:
            raise state_folder_error(self.go_file, error) from error

    def _has_its_needs(self, item: _Progress, progress: Mapping[str, _Progress]) -> bool:
        return all(progress[name].is_ready for name in item.service.depends_on if name in progress)

    def _ask(
        self,
        item: _Progress,
        progress: Mapping[str, _Progress],
        processes: Mapping[str, ProcessInfo],
        executor: ThreadPoolExecutor,
    ) -> HarnessError | None:
        name = item.service.name
        if item.asking is None:
            if time.monotonic() < item.ask_again:
                return None
            error = self._find_death(item, processes)
            if error is None and processes[name].is_alive:
                rank = _rank(item.service, progress)
                item.asking = executor.submit(self._question, item, processes[name], rank)
            return error
        if not item.asking.done():
            return None
        asking, item.asking = item.asking, None
        answer, took = asking.result()
        item.ask_again = time.monotonic() + min(_CALM * took, _LONGEST_PAUSE)
        if isinstance(answer, Hopeless):
            return answer.error
        if isinstance(answer, Ready):
            item.is_ready = True
            item.pid = None  # a gate may have started it anew
            if not item.was_running:
                self.events(StepFinished(name, answer.evidence, time.monotonic() - item.begun))
        else:
            item.reason = answer.reason
            if time.monotonic() - max(item.told, item.begun) > _TOLD_EVERY:
                item.told = time.monotonic()
                self.events(StepProgressed(name, answer.reason))
                return self._find_full_disk()
        return None

    def _find_full_disk(self) -> HarnessError | None:
        """Most services only log that they cannot write, and go on; waiting for them would take minutes."""
        if shutil.disk_usage(self.logs).free >= _LEAST_FREE:
            return None
        return state_folder_error(self.logs, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def _question(self, item: _Progress, info: ProcessInfo, rank: int) -> tuple[Answer, float]:
        begun = time.monotonic()
        answer = self.probe(item.service.role, info, rank, self.evidence)
        gate = self.gates.get(item.service.name)
        if isinstance(answer, Ready) and gate is not None:
            try:
                gate()
            except HarnessError as error:
                return Hopeless(error), 0.0
        return answer, time.monotonic() - begun

    def _find_death(self, item: _Progress, processes: Mapping[str, ProcessInfo]) -> HarnessError | None:
        info = processes[item.service.name]
        if item.was_running and not info.is_given_up:
            return None  # it ran before; the supervisor starts it again
        if item.pid is None:
            item.pid = info.pid
        if info.is_alive and info.pid == item.pid:
            return None
        reason = info.last_exit or info.spawn_error or "it is not running"
        return HarnessError(
            f"{item.service.name} ended while the environment was starting: {reason}",
            hint=f"the end of its log is above; all of it: mwaa-harness logs {item.service.name}",
            evidence=last_lines(self.logs, item.service.name, SHOWN_LINES),
        )

    def _late(self, progress: Mapping[str, _Progress], seconds: float) -> HarnessError:
        late = next((item for item in progress.values() if item.is_started and not item.is_ready), None)
        if late is None:
            return HarnessError(f"the environment was not ready within {seconds:g} seconds")
        name = late.service.name
        self.events(StepFailed(name, late.reason))
        return HarnessError(
            f"{name} was not ready within {seconds:g} seconds: {late.reason}",
            hint=f"the end of its log is above; all of it: mwaa-harness logs {name}",
            evidence=last_lines(self.logs, name, SHOWN_LINES),
        )


def _rank(service: Service, progress: Mapping[str, _Progress]) -> int:
    return sum(1 for item in progress.values() if item.is_started and item.service.role is service.role)
