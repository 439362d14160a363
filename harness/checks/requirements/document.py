"""A requirements file and all it includes; nothing outside of the project and the carried pins is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.checks.requirements.entries import Mistake, OptionEntry, RequirementEntry, parse_line
from harness.checks.requirements.findings import at, finding
from harness.checks.requirements.source import decode, find_comments, split_logical_lines
from harness.results import Finding

if TYPE_CHECKING:
    from harness.checks.requirements.source import LogicalLine

MAXIMUM_BYTES = 4 << 20
_OFFICIAL = re.compile(
    r"^https://raw\.githubusercontent\.com/apache/airflow/"
    r"constraints-(?P<airflow>[^/]+)/constraints(?:-[a-z-]+)?-(?P<python>[0-9.]+)\.txt$"
)


@dataclass(frozen=True)
class Surroundings:
    """What the file's lines are resolved against.

    Attributes:
        root: the project; nothing outside of it is read.
        mounts: folders on MWAA, e.g. /usr/local/airflow/dags, to the project's folders.
        carried: the carried copy of the official constraints file of this release.
        airflow_version: the environment's.
        python_series: the environment's, e.g. 3.10.
    """

    root: Path
    mounts: Mapping[str, Path]
    carried: Path
    airflow_version: str
    python_series: str


@dataclass
class Document:
    """Everything one requirements file says. `read` lists every local file that decided it, found or not."""

    path: Path
    requirements: list[RequirementEntry] = field(default_factory=list)
    constraints: list[RequirementEntry] = field(default_factory=list)
    options: list[OptionEntry] = field(default_factory=list)
    constraint_sources: list[OptionEntry] = field(default_factory=list)
    unread: list[OptionEntry] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    read: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def has_option(self, name: str) -> bool:
        """Whether any file sets the option called `name`."""
        return any(option.name == name for option in self.options)


def official_constraints(url: str) -> tuple[str, str] | None:
    """Airflow version and Python series of an official constraints URL; None for any other."""
    match = _OFFICIAL.match(url)
    return (match["airflow"], match["python"]) if match else None


def read_document(path: Path, surroundings: Surroundings) -> Document:
    """Read the requirements file `path` and its includes; mistakes become findings."""
    document = Document(path)
    _read(path, document, surroundings, chain=(), is_constraint=False)
    return document


def _read(
    path: Path,
    document: Document,
    surroundings: Surroundings,
    chain: tuple[Path, ...],
    *,
    is_constraint: bool,
) -> None:
    document.read.append(path)
    data = path.read_bytes()[:MAXIMUM_BYTES]
    decoded = decode(data)
    document.texts[path] = decoded.text
    if decoded.problem:
        document.findings.append(finding("encoding", decoded.problem, at(path)))
        return
    if decoded.encoding.startswith(("utf-16", "utf-32")) and path == document.path:
        document.findings.append(
            finding(
                "encoding",
                f"the file is {decoded.encoding.upper()}; MWAA's scripts search it as UTF-8",
                at(path),
            )
        )
    if path == document.path:
        document.comments = list(find_comments(decoded.text))
    for line in split_logical_lines(decoded.text, path):
        for entry in parse_line(line):
            if isinstance(entry, Mistake):
                rule = "unknown-option" if entry.is_option else "invalid-requirement"
                place = at(line, entry.offset, entry.length)
                document.findings.append(finding(rule, entry.message, place))
            elif isinstance(entry, RequirementEntry):
                (document.constraints if is_constraint else document.requirements).append(entry)
            elif entry.name in ("requirement", "constraint"):
                _include(entry, document, surroundings, (*chain, path), is_constraint=is_constraint)
            else:
                document.options.append(entry)


def _include(
    entry: OptionEntry,
    document: Document,
    surroundings: Surroundings,
    chain: tuple[Path, ...],
    *,
    is_constraint: bool,
) -> None:
    constrains = is_constraint or entry.name == "constraint"
    if entry.name == "constraint":
        document.constraint_sources.append(entry)
    place = at(entry.line, entry.offset, len(entry.value))
    official = official_constraints(entry.value)
    if official == (surroundings.airflow_version, surroundings.python_series):
        _read_carried(document, surroundings.carried)
        return
    if urlsplit(entry.value).scheme in ("http", "https", "ftp"):
        document.unread.append(entry)
        return
    target = find_in_project(entry.value, entry.line, surroundings)
    if target is None:
        message = f"{entry.value} is outside of the project, so it was not read and MWAA will not have it"
        document.findings.append(finding("include-outside-project", message, place))
        return
    if target in chain:
        message = f"{entry.value} includes itself" + (
            f", through {len(chain) - 1} files" if len(chain) > 1 else ""
        )
        document.findings.append(finding("include-cycle", message, place))
    elif not target.is_file():
        document.read.append(target)
        rule = "constraints-file-missing" if constrains else "include-missing"
        document.findings.append(finding(rule, f"{entry.value} does not exist in the project", place))
    else:
        if not entry.value.startswith("/usr/local/airflow/"):
            message = f"MWAA receives only the requirements file itself; {entry.value} will not be beside it"
            document.findings.append(finding("include-not-uploaded", message, place))
        if target not in document.texts:
            _read(target, document, surroundings, chain, is_constraint=constrains)


def _read_carried(document: Document, carried: Path) -> None:
    if carried in document.texts:
        return
    text = carried.read_text(encoding="utf-8")
    document.texts[carried] = text
    for line in split_logical_lines(text, carried):
        document.constraints += [entry for entry in parse_line(line) if isinstance(entry, RequirementEntry)]


def find_in_project(value: str, line: LogicalLine, surroundings: Surroundings) -> Path | None:
    """The project's file that `value` names, MWAA's folders mapped; None when it is outside."""
    for mount, folder in surroundings.mounts.items():
        if value == mount or value.startswith(f"{mount}/"):
            return _inside(folder / value[len(mount) :].lstrip("/"), folder)
    plain = value.removeprefix("file://")
    return _inside(line.path.parent / plain, surroundings.root) if plain and "\0" not in plain else None


def _inside(path: Path, folder: Path) -> Path | None:
    try:
        resolved, root = path.resolve(), folder.resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return resolved if resolved.is_relative_to(root) else None
