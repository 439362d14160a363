"""Finds on which line of a TOML document each key stands; the text must already have been parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_KEY_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_SKIPPED = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'  # multi-line basic string
    r"|'''.*?'{3,5}"  # multi-line literal string
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\[\]{}\n\"'#]+",
    re.DOTALL,
)


def find_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) of every table header and key. Entries of `[[x]]` are `("x", 0)`, `("x", 1)`, …."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    position = 0
    while position < len(text):
        start = _skip_blank(text, position)
        if start >= len(text):
            break
        line = text.count("\n", 0, start) + 1
        if text[start] == "[":
            is_array = text.startswith("[[", start)
            keys, end = _read_keys(text, start + (2 if is_array else 1))
            table = _resolve(keys, counts)
            if is_array:
                index = counts.get(table, -1) + 1
                counts[table] = index
                table = (*table, index)
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], line)
            position = _end_of_line(text, end)
        else:
            keys, end = _read_keys(text, start)
            for length in range(1, len(keys) + 1):
                lines.setdefault((*table, *keys[:length]), line)
            position = _end_of_value(text, end + 1)
    return lines


def _skip_blank(text: str, position: int) -> int:
    while position < len(text):
        if text[position].isspace() or text[position] == "\ufeff":
            position += 1
        elif text[position] == "#":
            position = _end_of_line(text, position)
        else:
            break
    return position


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _read_keys(text: str, position: int) -> tuple[list[str], int]:
    """The dotted key that begins at `position`, and where it ends."""
    keys: list[str] = []
    while match := _KEY_PART.match(text, position):
        keys.append(next(group for group in match.groups() if group is not None))
        position = match.end()
        if not text.startswith(".", position):
            break
        position += 1
    return keys, position


def _resolve(keys: list[str], counts: Mapping[KeyPath, int]) -> KeyPath:
    """`keys` of a header, with the index of the newest entry after each array of tables on the way."""
    path: KeyPath = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path])
    return (*path, keys[-1]) if keys else path


def _end_of_value(text: str, position: int) -> int:
    depth = 0
    while position < len(text):
        match = _SKIPPED.match(text, position)
        if match is None:
            return _end_of_line(text, position)
        piece = match.group()
        position = match.end()
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece, 0)
        if piece == "\n" and depth <= 0:
            return position
    return position
