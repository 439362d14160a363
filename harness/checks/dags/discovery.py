"""Which files Airflow would parse: every .py and .zip below the DAGs folder that no .airflowignore hides."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.checks.dags.ignore_patterns import Pattern

IGNORE_FILE = ".airflowignore"


@dataclass
class Discovery:
    """What was found.

    Attributes:
        files: to be parsed, absolute, sorted.
        hidden: how many files and folders each line of an .airflowignore hides.
        broken: patterns that are none: file, line, text, reason.
        absent: paths that were named and do not exist.
        syntax: of .airflowignore.
    """

    files: list[str] = field(default_factory=list)
    hidden: dict[tuple[str, int], int] = field(default_factory=dict)
    broken: list[tuple[str, int, str, str]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    syntax: str = "regexp"


def discover(paths: Sequence[str], dags_folder: str, syntax: str = "regexp") -> Discovery:
    """The files that `paths` name, or all of the DAGs folder when there are none.

    Args:
        paths: files and folders, absolute.
        dags_folder: absolute.
        syntax: of .airflowignore, as `core.dag_ignore_file_syntax` has it: regexp or glob.
    """
    found = Discovery(syntax=syntax)
    for path in paths or [dags_folder]:
        if os.path.isdir(path):
            inside = path == dags_folder or path.startswith(os.path.join(dags_folder, ""))
            base = dags_folder if inside else path
            _walk(path, base, _patterns_above(path, base, found), found, set())
        elif os.path.isfile(path):
            found.files.append(path)
        else:
            found.absent.append(path)
    found.files = sorted(set(found.files))
    return found


def _patterns_above(folder: str, dags_folder: str, found: Discovery) -> list[Pattern]:
    patterns: list[Pattern] = []
    if folder.startswith(os.path.join(dags_folder, "")):
        current = dags_folder
        for part in os.path.relpath(folder, dags_folder).split(os.sep):
            patterns += _read_patterns(current, dags_folder, found)
            current = os.path.join(current, part)
    return patterns


def _walk(folder: str, base: str, patterns: list[Pattern], found: Discovery, seen: set[str]) -> None:
    real = os.path.realpath(folder)
    if real in seen:
        return
    patterns = [*patterns, *_read_patterns(folder, base, found)]
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name in {"__pycache__", IGNORE_FILE}:
            continue
        if entry.is_dir():
            if not _is_hidden(entry.path, patterns, found):
                _walk(entry.path, base, patterns, found, seen | {real})
        elif entry.name.endswith((".py", ".zip")) and not _is_hidden(entry.path, patterns, found):
            found.files.append(entry.path)


def _is_hidden(path: str, patterns: list[Pattern], found: Discovery) -> bool:
    if not patterns:
        return False
    from harness.checks.dags.ignore_patterns import hides

    pattern = hides(path, patterns)
    if pattern is None:
        return False
    place = (pattern.source, pattern.line)
    found.hidden[place] = found.hidden.get(place, 0) + 1
    return True


def _read_patterns(folder: str, base: str, found: Discovery) -> list[Pattern]:
    """The patterns of one file. As in Airflow, paths are relative to the DAGs folder."""
    file = os.path.join(folder, IGNORE_FILE)
    if not os.path.isfile(file):
        return []
    from harness.checks.dags.ignore_patterns import read_patterns

    patterns, broken = read_patterns(file, base, found.syntax)
    found.broken += broken
    return patterns
