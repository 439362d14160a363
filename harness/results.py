"""What a check says: findings are values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from harness.errors import Location


class Severity(Enum):
    """How bad a finding is; only `ERROR` makes a check fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Related:
    """Another place that a finding is about, e.g. the pin that a line contradicts."""

    location: Location
    message: str


@dataclass(frozen=True)
class Finding:
    """One thing a check noticed. `rule` is a stable kebab-case id.

    Attributes:
        details: further lines, e.g. the chain of requirements that leads to a conflict.
        source: the line of text that `location` points into, when the check has it.
        length: how many columns, from the location's, the caret covers.
    """

    rule: str
    severity: Severity
    message: str
    location: Location | None = None
    hint: str | None = None
    details: tuple[str, ...] = ()
    source: str | None = None
    length: int = 1
    related: tuple[Related, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Something that was not checked, and why. Never to be read as passed."""

    what: str
    why: str


class Outcome(Enum):
    """How a check, or one thing it looked at, came out."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """Everything that one check found.

    Attributes:
        check: the check's name, e.g. "requirements" or "dags".
        subjects: the files it looked at, in order.
        facts: one-line statements worth a person's glance, e.g. "installs 12 packages, 34 MB".
    """

    check: str
    subjects: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    facts: tuple[str, ...] = ()
    seconds: float = 0.0
    data: dict[str, object] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Failed by any error; skipped when something could not be checked; else passed."""
        if any(finding.severity is Severity.ERROR for finding in self.findings):
            return Outcome.FAILED
        return Outcome.SKIPPED if self.skipped else Outcome.PASSED

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def count_of(number: int, noun: str) -> str:
    """How many there are, in words: 1 file, 2 files."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
