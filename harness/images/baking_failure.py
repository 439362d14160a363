"""A failure inside a build, as one line that survives the way through BuildKit's log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from harness.errors import CollectedError, HarnessError, Location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MARK = "mwaa-harness-failure: "
_LINE = re.compile(rf"{re.escape(_MARK)}(\[.*\])\s*$", re.MULTILINE)


def failure_line(error: HarnessError, folder: Path) -> str:
    """`error` on one line; places in it are relative to the project's `folder`."""
    errors = error.errors if isinstance(error, CollectedError) else (error,)
    return f"{_MARK}{json.dumps([_as_json(each, folder) for each in errors])}\n"


def read_failure(log: str, root: Path) -> HarnessError | None:
    """The error that a line of `log` tells, about the project in `root`; None when there is no such line."""
    found = _LINE.search(log)
    if found is None:
        return None
    errors = tuple(_from_json(document, root) for document in json.loads(found[1]))
    return errors[0] if len(errors) == 1 else CollectedError(errors)


def _as_json(error: HarnessError, folder: Path) -> dict[str, object]:
    place = error.location
    return {
        "message": _relative(error.message, folder),
        "hint": error.hint and _relative(error.hint, folder),
        "evidence": [_relative(line, folder) for line in error.evidence],
        "location": place and [_relative(str(place.path), folder), place.line, place.column],
    }


def _relative(text: str, folder: Path) -> str:
    return text.replace(f"{folder}/", "")


def _from_json(document: dict[str, object], root: Path) -> HarnessError:
    place = document["location"]
    location = Location(root / place[0], place[1], place[2]) if isinstance(place, list) else None
    evidence = document["evidence"]
    hint = document["hint"]
    return HarnessError(
        str(document["message"]),
        hint=None if hint is None else str(hint),
        location=location,
        evidence=tuple(_each(evidence)),
    )


def _each(lines: object) -> Iterator[str]:
    yield from (str(line) for line in lines) if isinstance(lines, list) else ()
