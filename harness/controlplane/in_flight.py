"""Tasks whose Celery message was lost: with LocalStack, with a worker, or while the database was away.

On MWAA the queue outlives everything, and a message that a dead worker held comes back after the visibility
timeout of 12 hours. Here neither is any use, so after such an event every task instance that is still queued
and has no message in the queue gets its message sent again, under the same Celery id.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.controlplane.aws import StorageError
from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

_log = logging.getLogger(__name__)

# Seconds after the event. A task counts as lost when two looks in a row find it so: a worker that lives may
# be about to start it. There are several because a scheduler that was sending meanwhile writes down the
# Celery ids late.
LOOKS = (0.0, 3.0, 6.0, 10.0, 20.0, 40.0, 90.0)


@dataclass
class _Event:
    """Something happened to messages sent before `when`."""

    what: str
    when: datetime
    begun: float
    looks: list[float] = field(default_factory=lambda: list(LOOKS))
    is_delayed: bool = False
    suspected: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)


class TasksInFlight:
    """Notices what costs messages and sends them again. Asked once in a while from one thread.

    Args:
        find_queued: Celery ids of task instances queued before a moment and not taken up since.
        find_waiting: Celery ids of the messages that are in the queue for any worker to take.
        send_again: sends messages for Celery ids; those it sent.
        read_starts: for each worker and for PostgreSQL, by name, what is different after each start.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        *,
        find_queued: Callable[[datetime], Collection[str]],
        find_waiting: Callable[[], Collection[str]],
        send_again: Callable[[Collection[str]], Collection[str]],
        read_starts: Callable[[], Mapping[str, Hashable]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_queued = find_queued
        self._find_waiting = find_waiting
        self._send_again = send_again
        self._read_starts = read_starts
        self._clock = clock
        self._starts: dict[str, Hashable] = {}
        self._events: list[_Event] = []

    def note(self, what: str) -> None:
        """Messages sent until now may be lost, because of `what`."""
        self._events.append(_Event(what, datetime.now(timezone.utc), self._clock()))

    def look(self) -> None:
        """Notice workers and servers that were started anew, and do what is due for earlier events."""
        for name, start in self._read_starts().items():
            if self._starts.setdefault(name, start) != start:
                self._starts[name] = start
                self.note(f"{name} was started anew")
        for event in list(self._events):
            if self._clock() - event.begun >= event.looks[0]:
                self._handle(event)

    def _handle(self, event: _Event) -> None:
        try:
            lost = set(self._find_queued(event.when)) - event.sent
            if lost:
                lost -= set(self._find_waiting())
            confirmed, event.suspected = lost & event.suspected, lost
            if confirmed:
                sent = self._send_again(confirmed)
                event.sent.update(sent)
                _log.info("%s: sent the messages of %d queued tasks again", event.what, len(sent))
        except (StorageError, HarnessError) as error:
            if not event.is_delayed:
                _log.warning("%s: queued tasks cannot be looked after yet: %s", event.what, error)
            event.is_delayed = True
            return  # the next look tries again
        event.looks.pop(0)
        if not event.looks:
            self._events.remove(event)
