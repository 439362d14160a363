"""Write the committed locks anew from the matrices: `python -m harness.workerenv.lock`.

Run it after changing a row. Nothing else writes them, so nothing floats.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.errors import HarnessError
from harness.workerenv.matrix import SUPPORT_MATRIX, SupportRow
from harness.workerenv.packager import find_packager
from harness.workerenv.tool_matrix import TOOL_MATRIX, ToolRow
from harness.workerenv.verify import locked_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.workerenv.packager import Packager

_HEADER = "# Written by `python -m harness.workerenv.lock`; do not edit.\n"


def base_lock_arguments(row: SupportRow, source: Path, constraints: Path) -> tuple[str | Path, ...]:
    """Resolve the base requirements of `row`, listed in the file `source`, below `constraints`."""
    return (*_arguments(row.python_series), "--constraints", constraints, source)


def base_constraints(row: SupportRow) -> tuple[str, ...]:
    """The constraints of `row`, with its overrides in place of what they name."""
    replaced = {canonicalize_name(Requirement(text).name) for text in row.overrides}
    pins = locked_packages(row.constraints_file, f"{row.python_series}.0")
    kept = (f"{name}=={version}" for name, version in pins.items() if name not in replaced)
    return (*kept, *row.overrides)


def tool_lock_arguments(row: ToolRow, source: Path) -> tuple[str | Path, ...]:
    """Resolve the requirements of a tool, listed in the file `source`, as of the date its row names."""
    as_of = () if row.resolved_as_of is None else ("--exclude-newer", row.resolved_as_of)
    return (*_arguments(row.python_series[0]), *row.resolution_options, *as_of, source)


def write_locks(packager: Packager) -> Iterator[Path]:
    """Resolve every row of both matrices, write its lock and yield the lock's path."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "requirements.in"
        for row in SUPPORT_MATRIX:
            _write_lines(source, row.base_requirements)
            constraints = source.with_name("constraints.txt")
            _write_lines(constraints, base_constraints(row))
            _write_lock(packager, base_lock_arguments(row, source, constraints), row.base_lock)
            yield row.base_lock
        for tool in TOOL_MATRIX.values():
            _write_lines(source, tool.requirements)
            _write_lock(packager, tool_lock_arguments(tool, source), tool.lock)
            yield tool.lock


def _arguments(series: str) -> tuple[str, ...]:
    return (
        *("pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate"),
        *("--python-version", series),
    )


def _write_lines(path: Path, lines: tuple[str, ...]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write_lock(packager: Packager, arguments: tuple[str | Path, ...], lock: Path) -> None:
    done = packager.check(arguments, f"resolving {lock.name}")
    lock.write_text(_HEADER + done.stdout, encoding="utf-8")


def main() -> int:
    """Write all locks; exit status 0, or 1 with uv's explanation."""
    try:
        for path in write_locks(find_packager(os.environ)):
            sys.stdout.write(f"{path}\n")
    except HarnessError as error:
        sys.stderr.write("\n".join((error.message, *error.evidence, "")))
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
