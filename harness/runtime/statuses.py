"""One line of `status` per service, from what the supervisor knows and what the evidence says."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.runtime.backend import ServiceState, ServiceStatus
from harness.runtime.memory import measure_tree
from harness.runtime.readiness import probe_service
from harness.runtime.services_table import role_of
from harness.waiting import Ready

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.runtime.readiness import Evidence
    from harness.runtime.state import EnvironmentState
    from harness.runtime.supervisor import ProcessInfo


def describe_services(
    names: Sequence[str],
    processes: Mapping[str, ProcessInfo],
    state: EnvironmentState,
    evidence: Evidence,
) -> list[ServiceStatus]:
    """The status of the services `names` of a running environment."""

    def describe(name: str) -> ServiceStatus:
        info = processes.get(name)
        if info is None:
            return ServiceStatus(name, role_of(name), ServiceState.STOPPED)
        return _describe(info, _rank(name, processes), state, evidence)

    with ThreadPoolExecutor(max_workers=max(1, len(names)), thread_name_prefix="status") as executor:
        return list(executor.map(describe, names))


def _describe(info: ProcessInfo, rank: int, state: EnvironmentState, evidence: Evidence) -> ServiceStatus:
    role = role_of(info.name)
    service_state, detail = _judge(info, rank, evidence)
    alive = info.is_alive and info.pid is not None
    return ServiceStatus(
        name=info.name,
        role=role,
        state=service_state,
        pid=info.pid,
        uptime=max(0.0, time.time() - info.started) if alive else None,
        port=state.ports.get(info.name),
        memory=measure_tree(info.pid) if alive and info.pid else None,
        restarts=info.restarts,
        last_exit=info.last_exit,
        detail=detail,
    )


def _judge(info: ProcessInfo, rank: int, evidence: Evidence) -> tuple[ServiceState, str | None]:
    if info.is_given_up:
        return ServiceState.FAILED, info.spawn_error
    if info.is_failed:
        return ServiceState.BACKING_OFF, info.spawn_error
    if not info.is_alive:
        return ServiceState.STOPPED, None
    answer = probe_service(role_of(info.name), info, rank, evidence)
    if isinstance(answer, Ready):
        return ServiceState.READY, answer.evidence
    reason = getattr(answer, "reason", None)
    return (ServiceState.STARTING if info.is_young else ServiceState.RUNNING), reason


def _rank(name: str, processes: Mapping[str, ProcessInfo]) -> int:
    """How many services of its role run: so many jobs must have a heartbeat."""
    role = role_of(name)
    return sum(1 for other, info in processes.items() if info.is_alive and role_of(other) is role)
