"""Settings as a mwaa.toml for containers: what was given on the command line or by variables is in it too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from harness.config.model import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_ONLY_OUTSIDE = {("local", "runtime")}


def settings_toml(settings: Settings) -> str:
    """The text of a settings file that reads as `settings`; what is as by default is left out."""
    lines: list[str] = []
    for section, entries in _sections(settings, Settings(), ()):
        if entries:
            lines += [
                f"[{'.'.join(section)}]",
                *(f"{_text(key)} = {_literal(entries[key])}" for key in entries),
                "",
            ]
    return "\n".join(lines)


def _sections(
    value: Any, default: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    given = {one.name: (getattr(value, one.name), getattr(default, one.name)) for one in fields(value)}
    plain = {
        name: own
        for name, (own, usual) in given.items()
        if own != usual and not is_dataclass(own) and (*path, name) not in _ONLY_OUTSIDE
    }
    if path:
        yield path, {name: own for name, own in plain.items() if not isinstance(own, Mapping)}
    for name, own in plain.items():
        if isinstance(own, Mapping):
            yield (*path, name), own
    for name, (own, usual) in given.items():
        if is_dataclass(own):
            yield from _sections(own, usual, (*path, name))


def _literal(value: Any) -> str:
    if isinstance(value, Enum):
        return _text(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_literal(one) for one in value)}]"
    return repr(value)


def _text(value: Any) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
