"""One command at a time changes an environment; the others wait and say so."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from harness.events import Event, EventSink, Notice
from harness.runtime.private_files import make_folder, state_folder_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project.layout import StateFolder


@contextmanager
def environment_lock(state: StateFolder, events: EventSink) -> Iterator[None]:
    """Hold the environment's lock; waits for the command that holds it now.

    Raises:
        HarnessError: the state folder cannot be written to.
    """
    make_folder(state.run)
    lock = FileLock(state.run / "environment.lock")
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            events(Notice("another command is changing this environment; waiting for it"))
            lock.acquire()
    except OSError as error:
        raise state_folder_error(state.run, error) from error
    try:
        yield
    finally:
        lock.release()


def serialize_events(events: EventSink) -> EventSink:
    """A sink for several threads that hands `events` one event at a time."""
    lock = threading.Lock()

    def sink(event: Event) -> None:
        with lock:
            events(event)

    return sink
