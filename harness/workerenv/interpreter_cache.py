"""Remembering which interpreter was found, so that a command that builds nothing starts no process."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from harness.project.fingerprint import fingerprint
from harness.workerenv.interpreters import Interpreter, find_interpreter_among, setting_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.events import EventSink
    from harness.project.layout import StateFolder


def recall_interpreter(
    choice: Sequence[str], state: StateFolder, environ: Mapping[str, str], events: EventSink
) -> Interpreter:
    """As `find_interpreter_among`, answered from the last search while nothing it depends on changed.

    Raises:
        UsageError: there is none.
    """
    record = state.cache / "interpreters" / f"{_search_key(choice, environ)}.json"
    if known := _read(record):
        return known
    found = find_interpreter_among(choice, environ, events)
    _write(record, found)
    return found


def _search_key(choice: Sequence[str], environ: Mapping[str, str]) -> str:
    names = ("PATH", "HOME", "PYENV_ROOT", *(setting_name(series) for series in choice))
    return fingerprint({"choice": " ".join(choice), **{name: environ.get(name, "") for name in names}})


def _identity(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_mtime_ns, status.st_size, status.st_ino]


def _read(record: Path) -> Interpreter | None:
    try:
        document = json.loads(record.read_text(encoding="utf-8"))
        path = Path(document["path"])
        if _identity(path) != document["identity"]:
            return None
        return Interpreter(path, document["version"], document["origin"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(record: Path, found: Interpreter) -> None:
    # A state folder that cannot be written only costs the search next time.
    with contextlib.suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "path": str(found.path),
            "version": found.version,
            "origin": found.origin,
            "identity": _identity(found.path),
        }
        partial = record.with_suffix(f".{secrets.token_hex(4)}")
        partial.write_text(json.dumps(document), encoding="utf-8")
        partial.replace(record)
