"""`logs`: what the services wrote."""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING

from harness.cli.moments import parse_since
from harness.cli.service_names import require_services
from harness.errors import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.cli.invocation import Invocation


class Extent(Enum):
    """The lines so far, or new ones as well until the reader stops."""

    SO_FAR = "so far"
    FOLLOW = "follow"


def logs(invocation: Invocation, *, services: Sequence[str], since: str | None, extent: Extent) -> int:
    """Print log lines; each begins with its service's name unless one service is named."""
    moment = None if since is None else parse_since(since, datetime.now(timezone.utc))
    backend = invocation.open_environment().backend
    require_services(services, backend.status())
    read = backend.follow_logs if extent is Extent.FOLLOW else backend.logs
    width = max((len(name) for name in services), default=12)
    for line in read(services, moment):
        prefix = "" if len(services) == 1 else f"{line.service:<{width}} | "
        invocation.console.data(f"{prefix}{line.text}")
    return ExitStatus.SUCCESS
