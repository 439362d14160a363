"""Ending what is left of an environment whose supervisor is gone, milder signals first."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.runtime.marks import find_inside, find_marked, signal_all
from harness.waiting import Answer, DeadlineError, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import psutil

_GRADES = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 10.0))
_MILD = {"postgres": signal.SIGINT}


def stop_leftovers(instance: str, cluster: Path) -> tuple[str, ...]:
    """End every process of the environment `instance`; names of the services that were still there.

    Raises:
        HarnessError: some cannot be ended.
    """
    names = {service or "a process" for _, service in find_marked(instance)}
    names |= {"postgres" for _ in find_inside(cluster)}
    if not names:
        return ()
    for number, seconds in _GRADES:
        for process, service in find_marked(instance):
            mild = _MILD.get(service, number) if number == signal.SIGTERM else number
            signal_all([process], mild)
        if number == signal.SIGKILL:
            signal_all(find_inside(cluster), number)
        try:
            wait_until(
                lambda: _look(instance, cluster), subject="leftover processes", seconds=seconds, interval=0.1
            )
        except DeadlineError:
            continue
        return tuple(sorted(names))
    left = [process for process, _ in find_marked(instance)]
    raise HarnessError(
        f"processes of this environment do not end: {_describe(left)}",
        hint="end them by hand, or restart the machine",
    )


def _look(instance: str, cluster: Path) -> Answer:
    left = [process for process, _ in find_marked(instance)] + list(find_inside(cluster))
    return NotYet(_describe(left)) if left else Ready("none left")


def _describe(processes: Sequence[psutil.Process]) -> str:
    return ", ".join(str(process.pid) for process in processes)
