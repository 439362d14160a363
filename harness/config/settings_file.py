"""mwaa.toml as assignments: which option gets which value, and where that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli

from harness.config.assignments import Assignment, Reading, read_value
from harness.config.options import OPTIONS, OPTIONS_BY_PATH, SECTIONS
from harness.config.origins import Origin, Source
from harness.config.service_model import create_environment_limits
from harness.config.suggestions import nearest, suggest, to_snake_case
from harness.config.toml_positions import Entry, KeyPath, locate_entries
from harness.config.values import describe_type, flatten, read_toml
from harness.errors import Location, UsageError

_FUTURE_SECTION = "promote"
_NOT_LOCAL = "is a field of CreateEnvironment that means nothing on this machine"


def read_settings_file(path: Path) -> Reading:
    """What the file says; nothing when there is none.

    Raises:
        UsageError: the file cannot be read, is not UTF-8, or is no TOML; no value of it can be known.
    """
    text = _read_text(path)
    if text is None:
        return Reading()
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        location = Location(path, error.lineno, error.colno)
        hint = _syntax_hint(text.splitlines()[error.lineno - 1 : error.lineno], error.msg)
        raise UsageError(f"this is not valid TOML: {error.msg}", location=location, hint=hint) from error
    reader = _Reader(path, locate_entries(text))
    reader.read_table(document, ())
    return reader.reading


@dataclass
class _Reader:
    path: Path
    entries: Mapping[KeyPath, Entry]
    reading: Reading = field(default_factory=Reading)

    def read_table(self, table: Mapping[str, Any], parents: tuple[str, ...]) -> None:
        for key, value in table.items():
            path = (*parents, key)
            option = OPTIONS_BY_PATH.get(".".join(path)) if parents else None
            if option is not None:
                self._read_value(path, value)
            elif not _is_section(path):
                self._refuse(path)
            elif isinstance(value, dict):
                self.read_table(value, path)
            else:
                message = f"{'.'.join(path)} must be a table, not {describe_type(value)}"
                hint = f"write [{'.'.join(path)}] on a line of its own, its keys below"
                self._add_error(message, hint, self._value_location(path))

    def _read_value(self, path: tuple[str, ...], value: Any) -> None:
        option = OPTIONS_BY_PATH[".".join(path)]
        origin = Origin(Source.FILE, location=self._value_location(path))
        places: dict[str, Location] = {}
        if isinstance(value, dict):
            leaves = flatten(value)
            places = {".".join(leaf): self._value_location((*path, *leaf)) for leaf, _ in leaves}
        read_value(read_toml, Assignment(option, value, origin, places), self.reading)

    def _refuse(self, path: tuple[str, ...]) -> None:
        *parents, key = path
        section = ".".join(parents)
        location = self._key_location(path)
        if not parents and key == _FUTURE_SECTION:
            message = "promotion is not available in this version, so there is no [promote] section yet"
            self._add_error(message, "remove the section", location)
        elif not parents:
            names = [name for name in SECTIONS if "." not in name]
            self._add_error(f"unknown section [{key}]", suggest(key, names, noun="sections"), location)
        elif section == "environment" and to_snake_case(key) in _unsupported_fields():
            self._add_error(f"{section}.{key} {_NOT_LOCAL}", "leave it out", location)
        else:
            self._add_error(f"unknown key {key} in [{section}]", _key_hint(section, key), location)

    def _add_error(self, message: str, hint: str | None, location: Location) -> None:
        self.reading.errors.append(UsageError(message, hint=hint, location=location))

    def _key_location(self, path: tuple[str, ...]) -> Location:
        entry = self.entries.get(path)
        return Location(self.path, entry.key.line, entry.key.column) if entry else Location(self.path)

    def _value_location(self, path: tuple[str, ...]) -> Location:
        entry = self.entries.get(path)
        return Location(self.path, entry.value.line, entry.value.column) if entry else Location(self.path)


def _read_text(path: Path) -> str | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = f"make {path.name} a file that you may read, or remove it: no setting is required"
        message = f"the settings cannot be read: {error.strerror}"
        raise UsageError(message, hint=hint, location=Location(path)) from error
    try:
        # A byte order mark, as some editors write, is no part of the text.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"this is not UTF-8, which TOML requires: byte 0x{content[error.start]:02x}"
        hint = "save the file as UTF-8"
        raise UsageError(message, hint=hint, location=Location(path, line, column)) from error


def _is_section(path: tuple[str, ...]) -> bool:
    name = ".".join(path)
    return any(section == name or section.startswith(f"{name}.") for section in SECTIONS)


def _key_hint(section: str, key: str) -> str:
    own = [option.key for option in OPTIONS if option.section == section]
    own += [name.split(".")[-1] for name in SECTIONS if name.rpartition(".")[0] == section]
    elsewhere = [option for option in OPTIONS if option.key == to_snake_case(key)]
    if nearest(key, own) is None and elsewhere:
        return f"{key} belongs into [{elsewhere[0].section}]"
    return suggest(key, own, noun="keys")


def _unsupported_fields() -> set[str]:
    known = {option.key for option in OPTIONS if option.section == "environment"} | {"logging"}
    return {to_snake_case(member) for member in create_environment_limits()} - known


def _syntax_hint(lines: list[str], message: str) -> str | None:
    if lines and message.startswith("Invalid value"):
        return 'texts need quotes: key = "value"; true, false and numbers do not'
    return None
