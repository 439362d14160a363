"""One line of `status` per container, from what the engine knows and what the evidence says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.runtime.backend import ServiceState, ServiceStatus
from harness.runtime.compose.containers import describe_exit
from harness.runtime.memory import measure_tree
from harness.waiting import NotYet, Ready

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.runtime.compose.containers import ContainerInfo
    from harness.runtime.compose.evidence import ComposeEvidence
    from harness.waiting import Answer

_YOUNG_SECONDS = 60.0


def describe_services(
    containers: Sequence[ContainerInfo], ports: Mapping[str, int], evidence: ComposeEvidence
) -> list[ServiceStatus]:
    """The status of each service; one-shot services are left out."""
    services = [info for info in containers if info.role is not None]
    try:
        told = evidence.read_board()
    except HarnessError:
        told = None

    def describe(info: ContainerInfo) -> ServiceStatus:
        return describe_service(info, ports, evidence.ask(info, told) if info.state == "running" else None)

    with ThreadPoolExecutor(max_workers=max(1, len(services)), thread_name_prefix="status") as executor:
        return list(executor.map(describe, services))


def describe_service(info: ContainerInfo, ports: Mapping[str, int], answer: Answer | None) -> ServiceStatus:
    """One line; `answer` is that of its readiness, when it runs."""
    if info.role is None:
        raise ValueError(info.name)
    now = datetime.now(timezone.utc)
    alive = info.is_alive and info.pid is not None
    uptime = max(0.0, (now - info.started).total_seconds()) if alive and info.started else None
    detail = answer.evidence if isinstance(answer, Ready) else None
    if isinstance(answer, NotYet):
        detail = answer.reason
    return ServiceStatus(
        name=info.name,
        role=info.role,
        state=_judge(info, answer, uptime),
        pid=info.pid,
        uptime=uptime,
        port=ports.get(info.name) if alive else None,
        memory=measure_tree(info.pid) if alive and info.pid else None,
        restarts=info.restarts,
        last_exit=describe_exit(info),
        detail=detail,
    )


def _judge(info: ContainerInfo, answer: Answer | None, uptime: float | None) -> ServiceState:
    if info.state == "restarting":
        return ServiceState.BACKING_OFF
    if info.state == "created":
        return ServiceState.STARTING
    if info.state in {"exited", "dead"}:
        return ServiceState.STOPPED if info.exit_status == 0 else ServiceState.FAILED
    if isinstance(answer, Ready):
        return ServiceState.READY
    return ServiceState.STARTING if uptime is not None and uptime < _YOUNG_SECONDS else ServiceState.RUNNING
