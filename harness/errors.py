"""Failures the user can act on. A bad DAG is a finding, not one of these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class ExitStatus(IntEnum):
    """What the command's exit status says."""

    SUCCESS = 0
    FAILED = 1
    USAGE = 2
    UNEXPECTED = 3
    INTERRUPTED = 130


@dataclass(frozen=True)
class Location:
    """A place in a file; line and column count from 1."""

    path: Path
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [str(self.path), *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


class HarnessError(Exception):
    """Something expected went wrong.

    Args:
        message: what went wrong and why, in one or a few lines.
        hint: what to do next.
        location: where, when it is in a file of the user's.
        evidence: lines worth reading (the end of a log, a tool's own words). Must hold no secret.
    """

    exit_status = ExitStatus.FAILED

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        location: Location | None = None,
        evidence: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location = location
        self.evidence = evidence

    def __str__(self) -> str:
        return f"{self.location}: {self.message}" if self.location else self.message


class TerminationRequest(KeyboardInterrupt):
    """Somebody other than the terminal asked this process to end: SIGTERM or SIGHUP."""


class UsageError(HarnessError):
    """The command was called, or the project configured, in a way that cannot work."""

    exit_status = ExitStatus.USAGE


class CollectedError(HarnessError):
    """Several errors found in one pass; the first broken line does not hide the others."""

    def __init__(self, errors: tuple[HarnessError, ...]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors
        self.exit_status = max((error.exit_status for error in errors), default=ExitStatus.FAILED)
