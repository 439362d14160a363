"""Notices of starts: which process a worker or PostgreSQL is now, by the files that they leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WORKER = "worker"
_READY_FILE = "worker-ready.json"


class StartFiles:
    """Reads process ids.

    Args:
        homes: the components' homes, where workers leave their evidence.
        postmaster: the file in which PostgreSQL's server writes its process id.
    """

    def __init__(self, homes: Mapping[str, Path], postmaster: Path) -> None:
        self._files = {
            **{name: home / _READY_FILE for name, home in homes.items() if name.startswith(_WORKER)},
            "postgres": postmaster,
        }

    def read(self) -> Mapping[str, int]:
        """The process id of each that has left one, by name."""
        pids = {name: _read_pid(path) for name, path in self._files.items()}
        return {name: pid for name, pid in pids.items() if pid is not None}


def _read_pid(path: Path) -> int | None:
    """The process id in a worker's evidence, or in the first line of PostgreSQL's lock file."""
    try:
        text = path.read_text(encoding="utf-8")
        return int(json.loads(text)["pid"] if text.startswith("{") else text.splitlines()[0])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
