"""Runs ruff on the files of a request, beside the children that parse them, and reads what it says."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any


class Linter:
    """One run of ruff."""

    def __init__(self, command: list[str], files: list[str]) -> None:
        self.output = tempfile.TemporaryFile(prefix="mwaa-parser-")  # noqa: SIM115 -- lives as long as the run
        self.notes: dict[str, list[dict[str, Any]]] | None = None
        null = os.open(os.devnull, os.O_RDWR)
        self.pid = os.posix_spawn(
            command[0],
            [*command, *files],
            {"NO_COLOR": "1"},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 0),
                (os.POSIX_SPAWN_DUP2, self.output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
            ],
        )
        os.close(null)

    def finish(self) -> None:
        """Read the notes of a run that has ended; there are none where ruff cannot tell any."""
        self.output.seek(0)
        self.notes = {}
        try:
            entries = json.loads(self.output.read())
        except ValueError:
            entries = []
        self.output.close()
        for entry in entries:
            if str(entry.get("code", "")).startswith("AIR"):
                fix = entry.get("fix") or {}
                self.notes.setdefault(entry["filename"], []).append(
                    {
                        "code": entry["code"],
                        "message": entry["message"],
                        "advice": fix.get("message"),
                        "line": entry["location"]["row"],
                        "column": entry["location"]["column"],
                    }
                )


def start_linter(command: list[str], files: list[str]) -> Linter | None:
    """Start it on the Python files; None when there is nothing to do or it cannot be started."""
    chosen = [file for file in files if file.endswith(".py")]
    if not command or not chosen:
        return None
    try:
        return Linter(command, chosen)
    except OSError:
        return None
