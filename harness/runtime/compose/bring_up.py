"""Running `docker compose up` and waiting until every service has given evidence."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docker import DockerClient

from harness import process
from harness.errors import HarnessError
from harness.events import EventSink, StepFailed, StepFinished, StepProgressed, StepStarted
from harness.images.engine import translated
from harness.runtime.compose import failures
from harness.runtime.compose.containers import ContainerInfo, describe_exit, list_containers
from harness.runtime.compose.evidence import ComposeEvidence
from harness.runtime.compose.logs import last_lines
from harness.waiting import Answer, DeadlineError, Hopeless, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from harness.runtime.compose.board import Container

MIGRATE = "migrate"
DATABASE_STEP = "database"

_INTERVAL = 0.5
_TOLD_EVERY = 2.0
_PATIENCE_WITH_COMPOSE = 10.0
_RESTARTS_ALLOWED = 2


@dataclass
class _Step:
    """How far one container has come."""

    begun: float
    is_new: bool
    is_ready: bool = False
    reason: str = "not started"
    told: float = 0.0
    restarts: int = 0


@dataclass
class BringUp:
    """One `up`.

    Attributes:
        client: the engine.
        project: the compose project name.
        command: the command line of Compose that starts what should run; None when only waiting is left.
        environ: Compose's variables.
        expected: how many containers each service shall have.
        awaited: names of services to wait for; None means all.
        evidence: where readiness shows.
        events: hears about every step.
        scratch: a folder for Compose's own words.
        restarted: containers that were started anew just now.
    """

    client: DockerClient
    project: str
    command: Sequence[str] | None
    environ: Mapping[str, str]
    expected: Mapping[str, int]
    awaited: frozenset[str] | None
    evidence: ComposeEvidence
    events: EventSink
    scratch: Path
    restarted: frozenset[str] = frozenset()
    _steps: dict[str, _Step] = field(default_factory=dict)
    _migrating: float = 0.0

    def run(self, seconds: float) -> None:
        """Start, then wait.

        Raises:
            HarnessError: Compose failed, a service ended, or was not ready within `seconds`.
        """
        before = {info.id: info for info in self._containers() if info.id not in self.restarted}
        handle, name = tempfile.mkstemp(dir=self.scratch, prefix="compose-", suffix=".log")
        os.close(handle)
        said = Path(name)
        compose = None
        try:
            if self.command is not None:
                compose = process.spawn(self.command, env=self.environ, output=said)
            wait_until(
                lambda: self._look(compose, said, before),
                subject="the environment",
                seconds=seconds,
                interval=_INTERVAL,
            )
        except DeadlineError as error:
            raise self._late(seconds) from error
        finally:
            if compose is not None:
                process.end(compose, _PATIENCE_WITH_COMPOSE)
            said.unlink(missing_ok=True)

    def _look(self, compose: process.Child | None, said: Path, before: Mapping[str, ContainerInfo]) -> Answer:
        status = 0 if compose is None else compose.poll()
        containers = self._containers()
        if status:
            return Hopeless(
                self._compose_failure(said.read_text(encoding="utf-8", errors="replace"), containers)
            )
        self._tell_migration(containers, before)
        services = [
            self._name(info)
            for info in containers
            if info.role is not None and (status == 0 or not is_old_end(info, before.get(info.id)))
        ]
        told = self._read_board(services)
        for info in services:
            error = self._follow(info, told, before)
            if error is not None:
                return Hopeless(error)
        return self._conclude(services, is_compose_done=status == 0)

    def _name(self, info: ContainerInfo) -> ContainerInfo:
        """While a container is replaced there are two; they are not numbered for that."""
        return replace(info, name=info.service) if self.expected.get(info.service) == 1 else info

    def _conclude(self, services: Sequence[ContainerInfo], *, is_compose_done: bool) -> Answer:
        if not is_compose_done:
            return NotYet("Compose is still starting containers")
        missing = [
            service
            for service, count in self.expected.items()
            if sum(1 for info in services if info.service == service) < count
        ]
        waiting = [
            info.name
            for info in services
            if (self.awaited is None or info.service in self.awaited) and not self._steps[info.id].is_ready
        ]
        if missing or waiting:
            return NotYet(", ".join([*missing, *waiting]))
        return Ready("every service is ready")

    def _follow(
        self, info: ContainerInfo, told: Mapping[str, Container] | None, before: Mapping[str, ContainerInfo]
    ) -> HarnessError | None:
        step = self._steps.get(info.id)
        if step is None:
            if info.state == "created":
                return None
            earlier = before.get(info.id)
            is_new = earlier is None or not earlier.is_alive or earlier.started != info.started
            step = self._steps[info.id] = _Step(time.monotonic(), is_new, restarts=info.restarts)
            if is_new:
                self.events(StepStarted(info.name))
        if info.state in {"exited", "dead"} or info.restarts > step.restarts + _RESTARTS_ALLOWED:
            how = describe_exit(info) or "it is started again and again"
            self.events(StepFailed(info.name, how))
            return failures.ended(info.name, how, last_lines(self.client, info, failures.SHOWN_LINES))
        if not step.is_ready and info.state == "running":
            self._ask(info, step, told)
        return None

    def _ask(self, info: ContainerInfo, step: _Step, told: Mapping[str, Container] | None) -> None:
        answer = self.evidence.ask(info, told)
        if isinstance(answer, Ready):
            step.is_ready = True
            if step.is_new:
                self.events(StepFinished(info.name, answer.evidence, time.monotonic() - step.begun))
        elif isinstance(answer, NotYet):
            step.reason = answer.reason
            now = time.monotonic()
            if now - max(step.told, step.begun) > _TOLD_EVERY:
                step.told = now
                self.events(StepProgressed(info.name, answer.reason))

    def _read_board(self, services: Sequence[ContainerInfo]) -> Mapping[str, Container] | None:
        if not services or all(step.is_ready for step in self._steps.values()):
            return None
        try:
            return self.evidence.read_board()
        except HarnessError:
            return None

    def _tell_migration(
        self, containers: Sequence[ContainerInfo], before: Mapping[str, ContainerInfo]
    ) -> None:
        for info in containers:
            if info.service != MIGRATE or info.id in before or DATABASE_STEP not in self.expected:
                continue
            if info.state == "running" and not self._migrating:
                self._migrating = time.monotonic()
                self.events(StepStarted(DATABASE_STEP, "migrating"))
            elif info.state == "exited" and info.exit_status == 0 and self._migrating > 0:
                self.events(StepFinished(DATABASE_STEP, "migrated", time.monotonic() - self._migrating))
                self._migrating = -1.0

    def _compose_failure(self, said: str, containers: Sequence[ContainerInfo]) -> HarnessError:
        service = failures.find_failed_service(said)
        blamed = next((info for info in containers if info.service == service), None)
        if blamed is None:
            return failures.translate(said)
        how = describe_exit(blamed) or "it did not become healthy"
        self.events(StepFailed(blamed.name, how))
        return failures.ended(blamed.name, how, last_lines(self.client, blamed, failures.SHOWN_LINES))

    def _late(self, seconds: float) -> HarnessError:
        for info in self._containers():
            step = self._steps.get(info.id)
            if step is not None and not step.is_ready:
                self.events(StepFailed(info.name, step.reason))
                log = last_lines(self.client, info, failures.SHOWN_LINES)
                return failures.late(info.name, seconds, step.reason, log)
        return HarnessError(f"the environment was not ready within {seconds:g} seconds")

    def _containers(self) -> tuple[ContainerInfo, ...]:
        with translated():
            return list_containers(self.client, self.project)


def is_old_end(info: ContainerInfo, earlier: ContainerInfo | None) -> bool:
    """Whether a container has ended that Compose has not started yet, or is going to replace."""
    return not info.is_alive and earlier is not None and earlier.started == info.started
