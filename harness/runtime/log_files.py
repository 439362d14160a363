"""The services' log files: reading them, following them, and finding where a moment begins.

supervisord writes what a service says as it says it. `since` goes by the time that a line itself begins with
(all services write UTC); a line without one, such as a traceback's, belongs to the line before it.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.runtime.backend import LogLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_STAMP = re.compile(
    r"^\W{0,2}(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?"
)
_TAIL_BYTES = 64 * 1024


def log_file(folder: Path, service: str) -> Path:
    """Where the log of `service` is; the one before it has `.1` at its end."""
    return folder / f"{service}.log"


def read_time(line: str) -> datetime | None:
    """The moment `line` begins with, if it begins with one."""
    found = _STAMP.match(line)
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in {None, "Z", "UTC"} else f"{zone[:3]}:{zone[-2:]}"
    text = f"{day}T{clock}.{(fraction or '0').ljust(6, '0')}{offset}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def read_lines(folder: Path, service: str, since: datetime | None) -> Iterator[LogLine]:
    """The lines of `service` from `since` on, oldest first."""
    path = log_file(folder, service)
    wanted = since is None
    limit = None if since is None else since.astimezone(timezone.utc)
    for part in (path.with_name(path.name + ".1"), path):
        if not part.is_file():
            continue
        with part.open(encoding="utf-8", errors="replace") as stream:
            for raw in stream:
                line = raw.rstrip("\r\n")
                moment = None if limit is None else read_time(line)
                if moment is not None and limit is not None:
                    wanted = moment >= limit
                if wanted:
                    yield LogLine(service, line)


def follow_lines(
    folder: Path, services: Sequence[str], pause: Callable[[float], None] = time.sleep
) -> Iterator[LogLine]:
    """New lines of `services` as they are written, from now on, until the caller stops."""
    tails = [_Tail(service, log_file(folder, service)) for service in services]
    while True:
        lines = [line for tail in tails for line in tail.read()]
        yield from lines
        if not lines:
            pause(0.2)


def last_lines(folder: Path, service: str, count: int) -> tuple[str, ...]:
    """The end of a service's log."""
    path = log_file(folder, service)
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-count:])


class _Tail:
    """One log file and how far it was read; survives its rotation."""

    def __init__(self, service: str, path: Path) -> None:
        self._service = service
        self._path = path
        self._rest = b""
        self._identity, self._position = self._look()

    def read(self) -> list[LogLine]:
        identity, size = self._look()
        if identity != self._identity or size < self._position:
            self._identity, self._position = identity, 0
        if size == self._position:
            return []
        with self._path.open("rb") as stream:
            stream.seek(self._position)
            chunk = stream.read(size - self._position)
        self._position += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [LogLine(self._service, line.decode("utf-8", errors="replace").rstrip("\r")) for line in lines]

    def _look(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return 0, 0
        return status.st_ino, status.st_size
