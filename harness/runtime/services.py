"""The services of an environment as values. Every backend runs this same table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    """What a service is; several services may share one role (worker-1, worker-2)."""

    POSTGRES = "postgres"
    LOCALSTACK = "localstack"
    SCHEDULER = "scheduler"
    WORKER = "worker"
    WEBSERVER = "webserver"
    TRIGGERER = "triggerer"
    CONTROLPLANE = "controlplane"


@dataclass(frozen=True)
class StopGrade:
    """Send `signal` (a name such as "TERM") and give the service `seconds` before the next grade."""

    signal: str
    seconds: float


@dataclass(frozen=True)
class Service:
    """One process of an environment: how to start it, what it needs, how to stop it.

    Attributes:
        name: unique in the environment, as `status` and `logs` show it.
        role: what it is.
        command: program and arguments.
        environment: every variable it gets; nothing is inherited.
        depends_on: names of services that must be ready first.
        port: TCP port on 127.0.0.1, when it listens.
        stop: grades, mildest first; KILL follows the last.
    """

    name: str
    role: Role
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    port: int | None = None
    stop: tuple[StopGrade, ...] = (StopGrade("TERM", 10.0),)
