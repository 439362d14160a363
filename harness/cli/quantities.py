"""Amounts as people read them."""

from __future__ import annotations

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_STEP = 1024


def describe_seconds(seconds: float) -> str:
    """`42 s`, `3 m 5 s`, `2 h 4 m`, `1 d 3 h`: the two largest units."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} m {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} m"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def describe_bytes(count: float) -> str:
    """`812 B`, `93 MiB`, `1.4 GiB`."""
    for unit in ("B", "KiB", "MiB"):
        if count < _STEP:
            return f"{count:.0f} {unit}"
        count /= _STEP
    return f"{count:.1f} GiB"
