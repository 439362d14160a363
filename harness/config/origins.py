"""Where a setting's value came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from harness.errors import Location

if TYPE_CHECKING:
    from pathlib import Path


class Source(Enum):
    """Who set a value; the later one wins."""

    DEFAULT = "default"
    FILE = "file"
    VARIABLE = "environment variable"
    FLAG = "flag"


@dataclass(frozen=True)
class Origin:
    """Who set one value, and where exactly.

    Attributes:
        source: the kind of place.
        name: the variable or flag; empty for the others.
        location: the place in the file; the column is that of the value.
    """

    source: Source = Source.DEFAULT
    name: str = ""
    location: Location | None = None

    def describe(self, root: Path) -> str:
        """One word for a table: "default", "mwaa.toml:3", "MWAA_HARNESS_LOCAL_RUNTIME", "--runtime"."""
        if self.location is not None:
            path = self.location.path
            shown = path.relative_to(root) if path.is_relative_to(root) else path
            return f"{shown}:{self.location.line}"
        return self.name or self.source.value


DEFAULT_ORIGIN = Origin()
