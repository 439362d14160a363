"""Where each key and value of a TOML document stands, so that errors can point at it.

Expects text which the TOML parser has accepted already; anything else gives nonsense positions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the top, e.g. ("local", "runtime"); entries of an array are numbers from 0."""

_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'',
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


@dataclass(frozen=True)
class Position:
    """Line and column of a character, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Entry:
    """Where a key starts, and where its value does."""

    key: Position
    value: Position


def locate_entries(text: str) -> Mapping[KeyPath, Entry]:
    """The place of every table and key of `text`, by path.

    A dotted key gives every one of its parents a place as well; what occurs twice keeps its first.
    """
    scanner = _Scanner(text)
    scanner.scan_document()
    return scanner.entries


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.entries: dict[KeyPath, Entry] = {}
        self.last: dict[KeyPath, int] = {}  # of each array of tables, the entry that headers add to

    def scan_document(self) -> None:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self.text):
            if self.text[self.at] == "[":
                table = self._scan_header()
            else:
                self._scan_pair(table)

    def _scan_header(self) -> KeyPath:
        start = self.at
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        *parents, key = self._scan_key()
        self.at += brackets
        path: KeyPath = (*self._inside_arrays(parents), key)
        if brackets == 2:  # noqa: PLR2004 - [[array of tables]]
            self.last[path] = self.last.get(path, -1) + 1
            path = (*path, self.last[path])
        self._note((), path, start, start)
        return path

    def _inside_arrays(self, keys: list[str]) -> KeyPath:
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.last:
                path = (*path, self.last[path])
        return path

    def _scan_pair(self, table: KeyPath) -> None:
        start = self.at
        key = self._scan_key()
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._note(table, key, start, self.at)
        self._scan_value((*table, *key))

    def _scan_key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            part = _KEY_PART.match(self.text, self.at)
            if part is None:  # pragma: no cover - the parser has accepted the document
                raise ValueError(f"no key at offset {self.at}")
            parts.append(next(iter(tomli.loads(f"{part.group()} = 0"))))
            self.at = part.end()
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _scan_value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "{":
            self._scan_members(closing="}", path=path)
        elif opening == "[":
            self._scan_members(closing="]", path=path)
        else:
            found = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = found.end() if found else len(self.text)

    def _scan_members(self, *, closing: str, path: KeyPath) -> None:
        self.at += 1
        number = 0
        while self._skip(_BLANK) < len(self.text) and self.text[self.at] != closing:
            if closing == "}":
                self._scan_pair(path)
            else:
                self._scan_value((*path, number))
                number += 1
            self._skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _note(self, table: KeyPath, key: KeyPath, start: int, value: int) -> None:
        entry = Entry(self._position(start), self._position(value))
        for length in range(1, len(key) + 1):
            self.entries.setdefault((*table, *key[:length]), entry)

    def _position(self, offset: int) -> Position:
        line_start = self.text.rfind("\n", 0, offset) + 1
        return Position(self.text.count("\n", 0, offset) + 1, offset - line_start + 1)
