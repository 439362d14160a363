"""Building findings of this check: the rule gives the severity, the line its source and caret."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.checks.requirements.rules import RULES
from harness.errors import Location
from harness.results import Finding, Related

if TYPE_CHECKING:
    from harness.checks.requirements.source import LogicalLine
    from harness.results import Severity

_CREDENTIALS = re.compile(r"(?<=://)(?:[^/\s@]*:\S*|[^/\s]+)(?=@)")
_LONGEST = 300


@dataclass(frozen=True)
class Place:
    """A location with the text it points into; `reason` says why just there, when that is not plain."""

    location: Location
    source: str | None = None
    length: int = 1
    reason: str = ""


def at(where: LogicalLine | Path, offset: int = 0, length: int = 0) -> Place:
    """The place `offset` characters into a logical line, or a whole file."""
    if isinstance(where, Path):
        return Place(Location(where))
    location, source = where.locate(offset)
    return Place(location, source, length or len(where.text) - offset)


def hide_credentials(text: str) -> str:
    """`text` with what stands before the @ of an address masked by as many stars."""
    return _CREDENTIALS.sub(lambda match: "*" * len(match.group(0)), text)


def finding(
    rule: str,
    message: str,
    place: Place | None = None,
    *,
    hint: str | None = None,
    details: tuple[str, ...] = (),
    related: tuple[Related, ...] = (),
    severity: Severity | None = None,
) -> Finding:
    """A finding of the rule called `rule`; the hint defaults to the rule's own."""
    known = RULES[rule]
    if place is not None and place.reason:
        details = (*details, place.reason)
    built = Finding(
        rule=rule,
        severity=severity or known.severity,
        message=_shorten(hide_credentials(message)),
        hint=hide_credentials(hint or known.fix),
        details=tuple(_shorten(hide_credentials(detail)) for detail in details),
        related=related,
    )
    if place is None:
        return built
    source = None if place.source is None else _shorten(hide_credentials(place.source))
    return replace(built, location=place.location, source=source, length=place.length)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
