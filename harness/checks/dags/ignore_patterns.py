"""The patterns of one .airflowignore, in either of Airflow's two syntaxes (airflow/utils/file.py, 2.5.1)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Broken = tuple[str, int, str, str]
_COMMENT = re.compile(r"\s*#.*")


@dataclass(frozen=True)
class Pattern:
    """One line.

    Attributes:
        expression: what a path is held against.
        base: what the path is relative to; None stands for its last part alone.
        source: the file that the line is in.
        line: its number.
        includes: False for a glob that takes back what an earlier one hid.
        is_glob: whether later lines may take it back, as in git.
        is_for_folders: whether it ends with a slash.
    """

    expression: re.Pattern[str]
    base: str | None
    source: str
    line: int
    includes: bool = True
    is_glob: bool = False
    is_for_folders: bool = False


def read_patterns(file: str, base: str, syntax: str) -> tuple[list[Pattern], list[Broken]]:
    """The patterns of `file` and the lines that are none; nothing when there is no such file."""
    try:
        with open(file, encoding="utf-8") as stream:
            lines = stream.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return [], []
    patterns, broken = [], []
    for number, line in enumerate(lines, 1):
        text = _COMMENT.sub("", line)
        if text:
            try:
                if syntax == "glob":
                    pattern = _glob(text, file, number)
                else:
                    pattern = Pattern(re.compile(text), base, file, number)
            except (re.error, ValueError) as error:
                broken.append((file, number, text, str(error)))
                continue
            if pattern is not None:
                patterns.append(pattern)
    return patterns, broken


def hides(path: str, patterns: Sequence[Pattern]) -> Pattern | None:
    """The pattern that hides `path`; of globs the last one that matches decides."""
    hiding = None
    for pattern in patterns:
        if not pattern.is_glob:
            if pattern.expression.search(os.path.relpath(path, pattern.base)):
                return pattern
            continue
        name = os.path.relpath(path, pattern.base) if pattern.base else os.path.basename(path)
        if pattern.is_for_folders and os.path.isdir(path):
            name += "/"
        if pattern.expression.match(name):
            hiding = pattern if pattern.includes else None
    return hiding


def _glob(text: str, file: str, line: int) -> Pattern | None:
    from pathspec import GitIgnoreSpec  # only who uses globs pays for it

    if text.strip() == "/":
        return None
    (compiled,) = GitIgnoreSpec.from_lines([text]).patterns or (None,)
    if compiled is None or compiled.regex is None or compiled.include is None:
        return None
    return Pattern(
        compiled.regex,
        os.path.dirname(file) if "/" in text.rstrip("/") else None,
        file,
        line,
        includes=compiled.include,
        is_glob=True,
        is_for_folders=text.endswith("/"),
    )
