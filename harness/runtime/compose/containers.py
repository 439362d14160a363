"""The containers of one environment, as the engine describes them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docker import DockerClient

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONE_OFF = "com.docker.compose.oneoff"

_HOST_LENGTH = 12  # a container is called so on its network unless it is told otherwise
_NEVER = "0001-01-01T00:00:00Z"
_KILLED = 128
_EXITS_SINCE = 3600
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class ContainerInfo:
    """One container of a service.

    Attributes:
        id: the engine's id.
        name: the service's name as `status` shows it: worker, or worker-2 where there are several.
        role: what it runs; None for one-shot services.
        state: the engine's word: created, running, restarting, exited, …
        pid: of its first process on this machine.
        started: when it was started last.
        restarts: how often the engine started it again.
        exit_status: how its process ended; of one that runs, 0.
        is_out_of_memory: whether it ended because it reached its limit.
        service: the service's name in the compose file.
        earlier_exit: how it ended before the engine started it again, while the engine remembers that.
    """

    id: str
    name: str
    role: Role | None
    state: str
    pid: int | None
    started: datetime | None
    restarts: int
    exit_status: int
    is_out_of_memory: bool
    service: str
    earlier_exit: int | None = None

    @property
    def host(self) -> str:
        """Its name on the network."""
        return self.id[:_HOST_LENGTH]

    @property
    def is_alive(self) -> bool:
        return self.state in {"running", "restarting", "paused"}


def list_containers(client: DockerClient, project: str) -> tuple[ContainerInfo, ...]:
    """Every container of the compose project `project`, in the order of the services' roles."""
    found = client.api.containers(all=True, filters={"label": [f"{PROJECT}={project}", f"{ONE_OFF}=False"]})
    documents = []
    for entry in found:
        document = _inspect(client, entry["Id"])
        if document is not None:
            documents.append(document)
    infos = describe_containers(documents)
    if not any(info.restarts for info in infos):
        return infos
    exits = _read_exits(client, project)
    return tuple(replace(info, earlier_exit=exits.get(info.id)) for info in infos)


def describe_containers(documents: Sequence[Mapping[str, Any]]) -> tuple[ContainerInfo, ...]:
    """The engine's documents as values; services with several containers are numbered."""
    counts: dict[str, int] = {}
    for document in documents:
        service = _labels(document)[SERVICE]
        counts[service] = counts.get(service, 0) + 1
    infos = [_describe(document, counts) for document in documents]
    order = [role.value for role in (Role.POSTGRES, Role.LOCALSTACK, Role.CONTROLPLANE, *Role)]
    return tuple(
        sorted(
            infos, key=lambda info: (order.index(info.role.value) if info.role else -1, _number(info.name))
        )
    )


def describe_exit(info: ContainerInfo) -> str | None:
    """How a container that does not run has ended, or one that the engine started again the time before."""
    if info.state == "created" or (info.is_alive and not info.restarts):
        return None
    if info.is_alive:
        return None if info.earlier_exit is None else _describe_status(info.earlier_exit)
    if info.is_out_of_memory:
        return "killed: it reached its memory limit"
    return _describe_status(info.exit_status)


def _describe_status(status: int) -> str:
    if status > _KILLED:
        return f"killed by {_SIGNALS.get(status - _KILLED, f'signal {status - _KILLED}')}"
    return f"exit status {status}"


_SIGNALS = {1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}


def read_moment(text: str) -> datetime | None:
    """A time as the engine writes it, with nanoseconds; None for its zero."""
    found = _MOMENT.fullmatch(text)
    if found is None or text == _NEVER:
        return None
    second, fraction, zone = found.groups()
    moment = datetime.fromisoformat(
        f"{second}.{(fraction or '0').ljust(6, '0')}{zone.replace('Z', '+00:00')}"
    )
    return moment.astimezone(timezone.utc)


def _read_exits(client: DockerClient, project: str) -> Mapping[str, int]:
    """How each container ended last, by id, as far back as the engine's list of events goes."""
    filters = {"type": "container", "event": "die", "label": f"{PROJECT}={project}"}
    now = int(time.time())
    events = client.api.events(since=now - _EXITS_SINCE, until=now + 1, filters=filters, decode=True)
    return {event["Actor"]["ID"]: int(event["Actor"]["Attributes"]["exitCode"]) for event in events}


def _inspect(client: DockerClient, container: str) -> Mapping[str, Any] | None:
    import docker.errors  # noqa: PLC0415 - slow to import

    try:
        document: Mapping[str, Any] = client.api.inspect_container(container)
    except docker.errors.NotFound:
        return None  # removed a moment ago
    return document


def _describe(document: Mapping[str, Any], counts: Mapping[str, int]) -> ContainerInfo:
    labels, state = _labels(document), document["State"]
    service = labels[SERVICE]
    several = counts[service] > 1
    return ContainerInfo(
        id=document["Id"],
        name=f"{service}-{labels.get(NUMBER, '1')}" if several else service,
        role=Role(service) if service in {role.value for role in Role} else None,
        state=state["Status"],
        pid=state.get("Pid") or None,
        started=read_moment(state.get("StartedAt", _NEVER)),
        restarts=document.get("RestartCount", 0),
        exit_status=state.get("ExitCode", 0),
        is_out_of_memory=bool(state.get("OOMKilled")),
        service=service,
    )


def _labels(document: Mapping[str, Any]) -> Mapping[str, str]:
    labels: Mapping[str, str] = document["Config"]["Labels"]
    return labels


def _number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0
