"""Errors as a person reads them: what, where with the line and a caret, evidence, hint."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from harness.errors import CollectedError, HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.errors import Location
    from harness.project.layout import StateFolder

_IN_FULL = 3  # more errors than this are listed in short form
_EVIDENCE_LINES = 12
_SHOWN_COLUMNS = 100
_EVIDENCE_COLUMNS = 400  # an exception says the decisive thing last
_SECRET_LINE = re.compile(
    r"""(?P<key>^\s*["']?[\w.\-]*(?:password|passwd|secret|token|private_key|api_key|credential)[\w.\-]*["']?\s*=\s*).+""",
    re.IGNORECASE,
)
_SHORTEST_SECRET = 6


def error_lines(error: HarnessError, *, folder: Path) -> list[str]:
    """The lines that tell a person of `error`; paths below `folder` are shown relative to it."""
    errors = error.errors if isinstance(error, CollectedError) else (error,)
    if len(errors) > _IN_FULL:
        lines = [f"error: {len(errors)} things are wrong"]
        for each in errors:
            lines += _short_form(each, folder)
        return lines
    return [line for each in errors for line in _full_form(each, folder)]


def known_secrets(state: StateFolder) -> tuple[str, ...]:
    """The secrets of the project, longest first; none when they cannot be read."""
    try:
        document = json.loads(state.secrets_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    values = document.values() if isinstance(document, dict) else ()
    secrets = {value for value in values if isinstance(value, str) and len(value) >= _SHORTEST_SECRET}
    return tuple(sorted(secrets, key=len, reverse=True))


def mask_secrets(text: str, secrets: Sequence[str]) -> str:
    """`text` with every secret replaced by asterisks."""
    for secret in secrets:
        text = text.replace(secret, "******")
    return text


def _full_form(error: HarnessError, folder: Path) -> Iterator[str]:
    first, *others = error.message.splitlines() or [""]
    yield f"error: {first}"
    yield from (f"  {line}" for line in others)
    if error.location is not None:
        yield f"  --> {_shown_location(error.location, folder)}"
        yield from _source_excerpt(error.location)
    hidden = len(error.evidence) - _EVIDENCE_LINES
    if hidden > 0:
        yield f"  | ({hidden} lines before these)"
    yield from (f"  | {line[:_EVIDENCE_COLUMNS]}" for line in error.evidence[-_EVIDENCE_LINES:])
    if error.hint:
        yield f"hint: {error.hint}"


def _short_form(error: HarnessError, folder: Path) -> Iterator[str]:
    place = f"{_shown_location(error.location, folder)}: " if error.location else ""
    yield f"  {place}{error.message}"
    if error.hint:
        yield f"      hint: {error.hint}"


def _shown_location(location: Location, folder: Path) -> str:
    path = location.path
    shown = str(location)
    if path.is_absolute() and path.is_relative_to(folder):
        return shown.replace(str(path), str(path.relative_to(folder)), 1)
    return shown


def _source_excerpt(location: Location) -> Iterator[str]:
    if location.line is None:
        return
    try:
        lines = location.path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    if not 1 <= location.line <= len(lines):
        return
    source = lines[location.line - 1].replace("\t", " ")
    number = str(location.line)
    gutter = " " * len(number)
    shown = _SECRET_LINE.sub(r"\g<key>******", source)[:_SHOWN_COLUMNS]
    yield f" {number} | {shown}".rstrip()
    if location.column is not None and location.column <= _SHOWN_COLUMNS:
        yield f" {gutter} | {' ' * (location.column - 1)}^"
