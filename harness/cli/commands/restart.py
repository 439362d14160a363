"""`restart`: stop and start one service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.service_names import require_running, require_services
from harness.errors import ExitStatus

if TYPE_CHECKING:
    from harness.cli.invocation import Invocation


def restart(invocation: Invocation, *, service: str) -> int:
    """Restart one service and return when it is ready again."""
    backend = invocation.open_environment().backend
    require_services((service,), backend.status())
    require_running(backend)
    with invocation.console.progress() as events:
        backend.restart(service, events)
    return ExitStatus.SUCCESS
