"""Reads TOML tables of the user's with types checked; every mistake is kept, with its line and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tomli

from harness.config.suggestions import nearest
from harness.config.toml_positions import Entry, KeyPath, locate_entries
from harness.errors import CollectedError, HarnessError, Location, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T")
_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", dict: "a table"}


@dataclass
class Document:
    """One TOML file and the mistakes found in it so far."""

    path: Path
    entries: Mapping[KeyPath, Entry]
    errors: list[HarnessError] = field(default_factory=list)

    def locate(self, keys: KeyPath) -> Location:
        """Where `keys` stand, or the nearest table around them."""
        known = (self.entries.get(keys[:length]) for length in range(len(keys), 0, -1))
        entry = next((entry for entry in known if entry is not None), None)
        return Location(self.path, entry.key.line if entry else 1)

    def complain(self, keys: KeyPath, message: str, hint: str | None = None) -> None:
        self.errors.append(UsageError(message, location=self.locate(keys), hint=hint))

    def raise_errors(self) -> None:
        """Raises: CollectedError: at least one mistake was found."""
        if self.errors:
            raise CollectedError(tuple(self.errors))


@dataclass
class Section:
    """One table; each key that is read counts as known, `finish` reports the others."""

    document: Document
    keys: KeyPath
    table: Mapping[str, Any]
    known: set[str] = field(default_factory=set)

    def read(self, name: str, kind: type[_T], default: _T) -> _T:
        self.known.add(name)
        value = self.table.get(name, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if name in self.table and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            self.complain(name, f"{name} must be {_NAMES.get(kind, kind.__name__)}, not {value!r}")
            return default
        return value  # type: ignore[no-any-return]

    def required(self, name: str) -> str:
        if name not in self.table:
            self.document.complain(self.keys, f"{self.title} needs the key {name}")
        return self.read(name, str, "")

    def anything(self, name: str) -> Any:
        self.known.add(name)
        return self.table.get(name)

    def strings(self, name: str) -> tuple[str, ...]:
        values = self.anything(name) or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.complain(name, f"{name} must be a list of strings")
            return ()
        return tuple(values)

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        value = self.read(name, str, default)
        if value not in choices:
            allowed = ", ".join(f'"{choice}"' for choice in choices)
            self.complain(name, f'{name} cannot be "{value}"', hint=f"Write one of {allowed}.")
            return default
        return value

    def child(self, name: str) -> Section:
        """The table `name`; an empty one when it is absent."""
        return Section(self.document, (*self.keys, name), self.read(name, dict, {}))

    def children(self, name: str) -> list[tuple[str, Section]]:
        """Each named table inside the table `name`."""
        parent = self.child(name)
        for key in parent.table:
            parent.known.add(key)
        return [(key, parent.child(key)) for key in parent.table]

    def entries(self, name: str) -> list[Section]:
        """The tables of the array of tables `[[name]]`."""
        tables = self.anything(name) or []
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.complain(name, f"{name} must be an array of tables: [[{self.title_of(name)}]]")
            return []
        return [Section(self.document, (*self.keys, name, n), table) for n, table in enumerate(tables)]

    def complain(self, name: str, message: str, hint: str | None = None) -> None:
        self.document.complain((*self.keys, name), message, hint)

    def finish(self) -> None:
        """Report the keys that nobody read, each with the nearest known one."""
        for name in self.table:
            if name not in self.known:
                self.complain(name, f'unknown key "{name}" in {self.title}', hint=suggest(name, self.known))

    @property
    def title(self) -> str:
        return f"[{self.title_of()}]" if self.keys else "the file"

    def title_of(self, name: str | None = None) -> str:
        keys = [*self.keys, *([name] if name else [])]
        return ".".join(str(key) for key in keys if not isinstance(key, int))


def suggest(name: str, known: Iterable[str]) -> str | None:
    """What the user may have meant by `name`."""
    candidates = sorted(known)
    found = nearest(name, candidates)
    if found is not None:
        return f'Did you mean "{found}"?'
    return f"Known here: {', '.join(candidates)}." if candidates else None


def open_section(path: Path) -> Section:
    """The top table of the TOML file at `path`; an empty one when there is no such file.

    Raises:
        UsageError: the file is not valid TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        table = tomli.loads(text)
    except FileNotFoundError:
        return Section(Document(path, {}), (), {})
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", location=Location(path)) from error
    except tomli.TOMLDecodeError as error:
        location = Location(path, error.lineno, error.colno)
        raise UsageError(f"is not valid TOML: {error.msg}", location=location) from error
    return Section(Document(path, locate_entries(text)), (), table)
