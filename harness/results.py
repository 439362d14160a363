"""What a check says: findings are values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness.errors import Location


class Severity(Enum):
    """How bad a finding is; only `ERROR` makes a check fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing a check noticed. `rule` is a stable kebab-case id."""

    rule: str
    severity: Severity
    message: str
    location: Location | None = None
    hint: str | None = None
