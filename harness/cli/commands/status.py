"""`status`: what each service is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.cli.quantities import describe_bytes, describe_seconds
from harness.errors import ExitStatus
from harness.runtime.backend import ServiceState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.cli.answer_format import AnswerFormat
    from harness.cli.invocation import Invocation
    from harness.runtime.backend import ServiceStatus

_HEADINGS = ("service", "state", "pid", "uptime", "port", "memory", "restarts", "last exit")
_BROKEN = frozenset({ServiceState.FAILED, ServiceState.BACKING_OFF})


def status(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print one line per service. Exit status 1 when one is broken, or stopped while others run."""
    services = invocation.open_environment().backend.status()
    console = invocation.console
    if answer.is_json:
        console.json([_document(service) for service in services])
    else:
        console.table(_HEADINGS, [_row(service) for service in services])
        for service in services:
            if service.detail:
                tell = console.detail if service.state is ServiceState.READY else console.say
                tell(f"{service.name}: {service.detail}")
    if all(service.state is ServiceState.STOPPED for service in services):
        console.say("nothing is running; start it with: mwaa-harness up")
        return ExitStatus.SUCCESS
    return ExitStatus.FAILED if _is_broken(services) else ExitStatus.SUCCESS


def _is_broken(services: Sequence[ServiceStatus]) -> bool:
    return any(service.state in _BROKEN or service.state is ServiceState.STOPPED for service in services)


def _row(service: ServiceStatus) -> tuple[str, ...]:
    return (
        service.name,
        service.state.value,
        _shown(service.pid),
        "-" if service.uptime is None else describe_seconds(service.uptime),
        _shown(service.port),
        "-" if service.memory is None else describe_bytes(service.memory),
        str(service.restarts),
        service.last_exit or "-",
    )


def _document(service: ServiceStatus) -> dict[str, Any]:
    return {
        "service": service.name,
        "role": service.role.value,
        "state": service.state.value,
        "pid": service.pid,
        "uptime_seconds": service.uptime,
        "port": service.port,
        "memory_bytes": service.memory,
        "restarts": service.restarts,
        "last_exit": service.last_exit,
        "detail": service.detail,
    }


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)
