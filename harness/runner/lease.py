"""Who uses an environment: the first test process starts it, the last one puts everything back.

Several processes may test on one environment at once (pytest-xdist, two terminals). Each is listed in
`.mwaa/pytest-users.json` while it lives; a process that died is dropped by the next one that looks.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Users:
    """What the file holds: the processes with their start times, and what the last one has to undo."""

    processes: dict[str, float] = field(default_factory=dict)
    is_started_here: bool = False
    unpaused: list[str] = field(default_factory=list)

    def drop_dead(self) -> None:
        self.processes = {pid: at for pid, at in self.processes.items() if _is_alive(int(pid), at)}


class Lease:
    """This process's use of the environment in one state folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "pytest-users.json"
        self._lock = FileLock(folder / "pytest-users.lock")
        self._me = psutil.Process()

    def acquire(self, start: Callable[[], bool], prepare: Callable[[], None]) -> None:
        """List this process.

        Args:
            start: makes sure that the environment is up; whether it was down before. Called under the lock.
            prepare: brings seeds; called under the lock by the first user only.
        """
        with self._users() as users:
            is_first = not users.processes
            if is_first:
                users.is_started_here = False
            users.is_started_here |= start()
            users.processes[str(self._me.pid)] = self._me.create_time()
            if is_first:
                prepare()

    def note_unpaused(self, dag_id: str) -> None:
        """Remember that the last user has to pause `dag_id` again."""
        with self._users() as users:
            if dag_id not in users.unpaused:
                users.unpaused.append(dag_id)

    def release(self, restore: Callable[[list[str]], None], stop: Callable[[], None]) -> None:
        """Take this process off the list.

        Args:
            restore: pauses the DAGs again; called by the last user.
            stop: stops the environment; called by the last user when one of them started it.
        """
        with self._users() as users:
            if users.processes.pop(str(self._me.pid), None) is None or users.processes:
                return
            unpaused, users.unpaused = users.unpaused, []
            restore(unpaused)
            if users.is_started_here:
                users.is_started_here = False
                stop()

    def stop_unused(self, stop: Callable[[], None]) -> None:
        """Call `stop` when every user is gone, whether it released the environment or was killed."""
        with self._users() as users:
            if not users.processes:
                users.is_started_here = False
                stop()

    @contextmanager
    def _users(self) -> Iterator[Users]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            users = self._read()
            users.drop_dead()
            try:
                yield users
            finally:
                self._file.write_text(json.dumps(asdict(users)), encoding="utf-8")

    def _read(self) -> Users:
        try:
            return Users(**json.loads(self._file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return Users()


def _is_alive(pid: int, created_at: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - created_at) < 1.0
    except psutil.Error:
        return False
