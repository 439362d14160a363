"""Installing the user's requirements on top of a base, as `pip install -r` does on an MWAA worker.

What the base already has and still satisfies stays; everything else is added or replaced. A requirement
without a version and without a constraint gets the newest release.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.errors import HarnessError
from harness.workerenv.packager import Packager, explanation, network_hint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.errors import Location
    from harness.project.requirements_file import RequirementLine, Requirements
    from harness.workerenv.matrix import SupportRow

# Options that uv reads in the file itself; credentials in an index address stay out of command lines.
_IN_FILE = frozenset(("--index-url", "--extra-index-url", "--no-index", "--no-binary", "--only-binary"))
_ON_COMMAND_LINE = {
    "--find-links": "--find-links",
    "--trusted-host": "--allow-insecure-host",
    "--require-hashes": "--require-hashes",
}


@dataclass(frozen=True)
class Change:
    """One package that the installation added, or replaced, or removed (`new` is None)."""

    name: str
    new: str | None


def install_arguments(
    python: Path, requirements: Requirements, source: Path, constraints: Path
) -> tuple[str | Path, ...]:
    """Install the file `source`, written from `requirements`, below the file `constraints`."""
    arguments: list[str | Path] = ["pip", "install", "--python", python, "--output-format", "json"]
    for option in requirements.options:
        if name := _ON_COMMAND_LINE.get(option.name):
            arguments += [name, option.value] if option.value else [name]
        elif option.name == "--pre":
            arguments += ["--prerelease", "allow"]
    if any(option.name == "--extra-index-url" for option in requirements.options):
        # pip takes the best version of all indexes; uv would stop at the first that has the package.
        arguments += ["--index-strategy", "unsafe-best-match"]
    for address in requirements.remote_files:
        arguments += ["--requirements", address]
    for address in requirements.constraint_sources:
        arguments += ["--constraints", address]
    return (*arguments, "--constraints", constraints, "--requirements", source)


def requirements_text(requirements: Requirements) -> str:
    """The requirements with all includes in one file, line for line."""
    options = [f"{o.name} {o.value}".rstrip() for o in requirements.options if o.name in _IN_FILE]
    return "".join(f"{text}\n" for text in (*options, *(line.text for line in requirements.lines)))


def install_requirements(
    packager: Packager, row: SupportRow, folder: Path, requirements: Requirements, source: Path
) -> tuple[Change, ...]:
    """Install `requirements` into the environment in `folder` and return what that changed.

    Args:
        packager: uv.
        row: the release, for the hint.
        folder: the environment.
        requirements: what to install.
        source: the user's requirements file, for messages.

    Raises:
        HarnessError: the resolver's own explanation, and the line it is about when that can be told.
    """
    flattened = folder / "requirements.txt"
    constraints = folder / "constraints.txt"
    flattened.write_text(requirements_text(requirements), encoding="utf-8")
    constraints.write_text("".join(f"{c.text}\n" for c in requirements.constraints), encoding="utf-8")
    python = folder / "bin" / "python"
    done = packager.run(install_arguments(python, requirements, flattened, constraints))
    if done.exit_status != 0:
        lines = tuple(
            line.replace(str(flattened), source.name).replace(str(constraints), "constraints")
            for line in explanation(done)
        )
        raise HarnessError(
            f"the requirements in {source.name} cannot be installed: {_reason(done.stderr)}",
            location=find_culprit(lines, requirements.lines),
            hint=network_hint(done.stderr) or _hint(row, requirements, lines),
            evidence=lines,
        )
    flattened.unlink()
    constraints.unlink()
    return parse_changes(done.stdout)


def parse_changes(report: str) -> tuple[Change, ...]:
    """What uv's JSON report of an installation says it changed, in its order."""
    changes = json.loads(report).get("changes", []) if report.strip() else []
    return tuple(
        Change(canonicalize_name(change["name"]), change["version"] if is_added else None)
        for change in changes
        if (is_added := change["action"] in ("installed", "reinstalled")) or change["action"] == "uninstalled"
    )


def apply_changes(packages: dict[str, str], changes: Sequence[Change]) -> dict[str, str]:
    """`packages` after `changes`: a replaced package is reported as removed and as added."""
    removed = {change.name for change in changes if change.new is None}
    added = {change.name: change.new for change in changes if change.new is not None}
    return {**{name: v for name, v in packages.items() if name not in removed}, **added}


def find_culprit(words: Sequence[str], lines: Sequence[RequirementLine]) -> Location | None:
    """The only requirement that the resolver mentions, else the first; nothing when it mentions none."""
    text = " ".join(words).lower()
    for line in lines:
        if line.name and re.search(rf"(?<![a-z0-9._-]){re.escape(line.name)}(?![a-z0-9_-])", text):
            return line.location
    return lines[0].location if len(lines) == 1 else None


def _reason(stderr: str) -> str:
    text = stderr.lower()
    if "no solution found" in text:
        return "no set of versions satisfies them, and pip on MWAA would find none either"
    if "failed to build" in text:
        return "a package without a wheel could not be built on this machine"
    return "uv, which does pip's work here, gave up"


def _hint(row: SupportRow, requirements: Requirements, words: Sequence[str]) -> str:
    text = " ".join(words).lower()
    if "was not found in the package registry" in text:
        return "check its name; a package of a private index needs an --index-url or --extra-index-url line"
    if "failed to build" in text:
        return (
            "install what its build lacks (MWAA's image has a C compiler and the headers of MariaDB, "
            "PostgreSQL, unixODBC, curl and SASL; on Debian e.g. `apt-get install build-essential "
            "pkg-config libmariadb-dev unixodbc-dev`), or ask for a version with a wheel for CPython "
            f"{row.python_series}"
        )
    if requirements.is_constrained:
        return "ask for versions that the constraints allow, or drop the constraint that stands in the way"
    return f'begin the file with --constraint "{row.constraints_url}" to get versions that fit Airflow'
