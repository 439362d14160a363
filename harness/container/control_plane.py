"""The control plane in a container: publishes the working tree and looks after lost messages."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

from harness.container.companion import Bulletin, show_evidence
from harness.container.launching import run_launcher
from harness.controlplane.assembly import Assignment, assemble
from harness.controlplane.doorbell import Doorbell
from harness.controlplane.readiness import withdraw_readiness
from harness.errors import HarnessError
from harness.project.layout import StateFolder, locate_project
from harness.runtime.compose import places
from harness.runtime.compose.board import Board
from harness.runtime.compose.situation import INPUTS
from harness.runtime.home_binding import INSIDE_FOLDER
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping

    from harness.runtime.compose.situation import Situation

_SEND_SECONDS = 120.0
_TELL_EVERY = 0.5


def run_control_plane(situation: Situation) -> int:
    """Run until the container is told to stop."""
    state = StateFolder(places.STATE)
    assignment = Assignment(
        project=locate_project(places.PROJECT, situation.settings.local),
        state=state,
        settings=situation.settings,
        endpoints=situation.endpoints,
        homes={},
        generation=f"{situation.environ.get(INPUTS, '')} {socket.gethostname()}",
        send_again=MessageSender(situation).send_again,
        read_starts=Starts(situation.endpoints.database_dsn).read,
    )
    doorbell = Doorbell()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: doorbell.stop())
    show_evidence(None)
    withdraw_readiness(state.run)
    plane, watcher = assemble(assignment, doorbell)
    watcher.start()
    threading.Thread(target=_tell, args=(situation.endpoints.database_dsn,), daemon=True).start()
    try:
        plane.run()
    finally:
        withdraw_readiness(state.run)
    return 0


class MessageSender:
    """Sends lost Celery messages again, as a worker would."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def send_again(self, celery_ids: Collection[str]) -> frozenset[str]:
        """Send the messages of these Celery task ids once more; the ids whose task was still queued.

        Raises:
            HarnessError: the messages could not be sent.
        """
        python = str(places.WORKER_ENVIRONMENT / "bin" / "python")
        spec = self._situation.command_spec("requeue", (python, str(INSIDE_FOLDER / "requeue_tasks.py")))
        done = run_launcher(spec, stdin=json.dumps(sorted(celery_ids)), timeout=_SEND_SECONDS)
        return frozenset(json.loads(done.stdout))


class Starts:
    """Which process each worker and PostgreSQL is now; a worker that tells nothing any more is lost."""

    def __init__(self, dsn: str) -> None:
        self._board = Board(dsn)

    def read(self) -> Mapping[str, Hashable]:
        try:
            workers = [one for one in self._board.read() if one.role == Role.WORKER.value]
            starts: dict[str, Hashable] = {
                f"worker {one.host}": one.service_started if one.is_fresh else "lost"
                for one in workers
                if one.service_started is not None or not one.is_fresh
            }
            return {**starts, "postgres": self._board.server_started()}
        except HarnessError:
            return {}


def _tell(dsn: str) -> None:
    bulletin = Bulletin(dsn, Role.CONTROLPLANE)
    while True:
        bulletin.turn({}, None)
        time.sleep(_TELL_EVERY)
