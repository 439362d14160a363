"""`down`: stop the environment."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from harness.errors import ExitStatus

if TYPE_CHECKING:
    from harness.cli.invocation import Invocation


class Volumes(Enum):
    """What becomes of the data: the metadata database."""

    KEEP = "keep"
    DISCARD = "discard"


def down(invocation: Invocation, *, volumes: Volumes) -> int:
    """Stop every service; with `Volumes.DISCARD` delete the data as well."""
    backend = invocation.open_environment().backend
    if not backend.is_up():
        invocation.console.say("nothing is running")
    with invocation.console.progress() as events:
        backend.down(events)
        if volumes is Volumes.DISCARD:
            backend.discard_volumes(events)
    return ExitStatus.SUCCESS
