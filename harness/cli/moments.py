"""Moments as people type them: a time span back from now, or a timestamp."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from harness.errors import UsageError

_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_since(text: str, now: datetime) -> datetime:
    """The moment that `--since` names: `10m`, `1h30m`, `2d`, or ISO 8601 (local time unless it says).

    Raises:
        UsageError: it is neither.
    """
    span = _SPAN.fullmatch(text)
    try:
        if span and text:
            days, hours, minutes, seconds = (int(part or 0) for part in span.groups())
            return now - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        # Python 3.10 does not read the suffix Z.
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except (ValueError, OverflowError) as error:
        message = f'--since "{text}" is neither a time span nor a timestamp'
        hint = "write 10m, 1h30m, 2d, or a timestamp such as 2026-01-31T13:45:00"
        raise UsageError(message, hint=hint) from error
    return moment.astimezone(timezone.utc)
