"""Notices of starts: which process a worker or PostgreSQL is now, by the files that they leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

_WORKER = "worker"
_READY_FILE = "worker-ready.json"


class StartFiles:
    """Reads what workers and PostgreSQL leave when they start.

    Args:
        homes: the components' homes, where workers leave their evidence.
        postmaster: the file in which PostgreSQL's server writes its process id.
    """

    def __init__(self, homes: Mapping[str, Path], postmaster: Path) -> None:
        self._files = {
            **{name: home / _READY_FILE for name, home in homes.items() if name.startswith(_WORKER)},
            "postgres": postmaster,
        }

    def read(self) -> Mapping[str, Hashable]:
        """What is different after each start of those that have left something, by name.

        A worker that may have lost messages makes its evidence younger, which counts as a start.
        """
        starts = {name: _read_start(path) for name, path in self._files.items()}
        return {name: start for name, start in starts.items() if start is not None}


def _read_start(path: Path) -> Hashable | None:
    """The process id in a worker's evidence, and its age; or that in PostgreSQL's lock file's first line."""
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("{"):
            return int(json.loads(text)["pid"]), path.stat().st_mtime_ns
        return int(text.splitlines()[0])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
