"""The lines of a requirements file: continuations joined, comments dropped, options recognized."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from harness.errors import Location, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_COMMENT = re.compile(r"(^|\s+)#.*$")
_LONG_NAMES = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "--pypi-url": "--index-url",
}
WITH_VALUE = frozenset(
    (
        *("--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url"),
        *("--find-links", "--no-binary", "--only-binary", "--trusted-host", "--use-feature"),
    )
)
WITHOUT_VALUE = frozenset(("--no-index", "--pre", "--prefer-binary", "--require-hashes"))


@dataclass(frozen=True)
class Line:
    """One logical line: its text and where it starts."""

    text: str
    location: Location


@dataclass(frozen=True)
class Option:
    """One option by its long name; `value` is empty for options that take none."""

    name: str
    value: str
    location: Location


def read_lines(path: Path) -> tuple[Line, ...]:
    """The logical lines of the file `path` that say something.

    Raises:
        UsageError: the file cannot be read or is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the file is not UTF-8 (byte {error.start})", location=Location(path), hint="save it as UTF-8"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", location=Location(path)) from error
    return tuple(_logical_lines(path, text.splitlines()))


def _logical_lines(path: Path, physical: list[str]) -> list[Line]:
    lines: list[Line] = []
    pending, start = "", 0
    for number, raw in enumerate(physical, start=1):
        start = start or number
        is_comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not is_comment:
            pending += raw[:-1]
            continue
        text = _COMMENT.sub("", pending + raw).strip()
        if text:
            lines.append(Line(text, Location(path, start)))
        pending, start = "", 0
    if text := _COMMENT.sub("", pending).strip():
        lines.append(Line(text, Location(path, start)))
    return lines


def parse_options(line: Line) -> tuple[Option, ...]:
    """The options of a line that starts with one; nothing for a line that is a requirement.

    Raises:
        UsageError: pip knows no such option, or its value is missing.
    """
    if not line.text.startswith("-"):
        return ()
    try:
        words = shlex.split(line.text)
    except ValueError as error:
        raise UsageError(
            f"the quotes do not match: {line.text}", location=line.location, hint="close the quote"
        ) from error
    options: list[Option] = []
    while words:
        name, value = _split(words.pop(0))
        if name in WITH_VALUE:
            if value is None and not words:
                raise UsageError(f"{name} needs a value", location=line.location)
            options.append(Option(name, words.pop(0) if value is None else value, line.location))
        elif name in WITHOUT_VALUE and value is None:
            options.append(Option(name, "", line.location))
        else:
            raise _unknown(name, line.location)
    return tuple(options)


def _split(word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return _LONG_NAMES.get(name, name), value if equals else None
    name = _LONG_NAMES.get(word[:2], word)
    return name, word[2:].removeprefix("=") or None


def _unknown(name: str, location: Location) -> UsageError:
    near = get_close_matches(name, (*WITH_VALUE, *WITHOUT_VALUE), n=1)
    return UsageError(
        f"pip accepts no option {name} in a requirements file",
        location=location,
        hint=f"did you mean {near[0]}?" if near else "remove it",
    )
