"""What every runtime backend can do. The contract suite in tests/contract runs against each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from harness.events import EventSink


class ServiceState(Enum):
    """The state of a service; `READY` needs evidence, `RUNNING` only a process."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    READY = "ready"
    BACKING_OFF = "backing-off"
    FAILED = "failed"


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `status`. `memory` is proportional set size in bytes, children included."""

    name: str
    role: Role
    state: ServiceState
    pid: int | None = None
    uptime: float | None = None
    port: int | None = None
    memory: int | None = None
    restarts: int = 0
    last_exit: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class LogLine:
    """One line of a service's log, without its line end."""

    service: str
    text: str


@dataclass(frozen=True)
class Endpoints:
    """How to reach a running environment from this machine. Passwords are shown by `open` alone."""

    webserver_url: str
    username: str
    password: str
    aws_endpoint_url: str
    region: str
    bucket: str
    queue_url: str
    database_dsn: str


class Backend(Protocol):
    """Runs the services of one project's environment."""

    name: str

    def up(self, events: EventSink) -> None:
        """Start what is not running and return when every service is ready by evidence. Idempotent."""

    def start(self, events: EventSink) -> None:
        """As `up`, without waiting for readiness of what nothing else depends on."""

    def down(self, events: EventSink) -> None:
        """Stop every service by its grades; data stays. Recovers from a killed supervisor."""

    def discard_volumes(self, events: EventSink) -> None:
        """Delete the data of a stopped environment."""

    def status(self) -> Sequence[ServiceStatus]:
        """One entry per service of the table, running or not."""

    @property
    def task_logs(self) -> Path:
        """The folder on this machine in which Airflow writes task logs."""

    def is_up(self) -> bool:
        """Whether an environment of this project is running now."""

    def logs(self, services: Sequence[str], since: datetime | None) -> Iterator[LogLine]:
        """The log lines so far, oldest first per service; all services when none is named."""

    def follow_logs(self, services: Sequence[str], since: datetime | None) -> Iterator[LogLine]:
        """As `logs`, then new lines as they are written, until the caller stops."""

    def restart(self, service: str, events: EventSink) -> None:
        """Stop and start one service and wait until it is ready again."""

    def airflow(self, arguments: Sequence[str]) -> int:
        """Run the Airflow CLI inside the environment on this terminal; its exit status."""

    def dags_arrived(self) -> datetime | None:
        """When the last component that runs DAG code got the DAG files of the working tree as they are now.

        None while one of them has not got them.

        Raises:
            HarnessError: no environment is running.
        """

    def endpoints(self) -> Endpoints:
        """How to reach the running environment.

        Raises:
            HarnessError: no environment is running.
        """
