"""An extension that supervisord loads: it records how services ended and clears what they left behind.

Supervisor itself forgets the signal that ended a process and how often it started one, and a gunicorn whose
parent was killed would hold the port for ever. This module runs inside supervisord, nowhere else.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
from supervisor import events

from harness.runtime.marks import find_marked

if TYPE_CHECKING:
    from collections.abc import Callable


class ExitsInterface:
    """The XML-RPC namespace `exits`: what became of each service's processes."""

    def __init__(self, supervisord: Any, instance: str) -> None:
        self._supervisord = supervisord
        self._instance = instance
        self._starts: dict[str, int] = {}
        self._last_exit: dict[str, dict[str, Any]] = {}
        events.subscribe(events.ProcessStateStartingEvent, self._on_starting)
        events.subscribe(events.ProcessStateStoppedEvent, self._on_stopped)
        options = supervisord.options
        options.waitpid = self._recording(options.waitpid)

    def getAll(self) -> dict[str, dict[str, Any]]:  # noqa: N802 -- XML-RPC methods are camelCase in Supervisor
        """Per service: how often it was started since it was last stopped on purpose, and its last end."""
        names = self._starts.keys() | self._last_exit.keys()
        return {
            name: {"starts": self._starts.get(name, 0), **self._last_exit.get(name, {})} for name in names
        }

    def _on_starting(self, event: Any) -> None:
        name = str(event.process.config.name)
        self._starts[name] = self._starts.get(name, 0) + 1

    def _on_stopped(self, event: Any) -> None:
        name = str(event.process.config.name)
        self._starts.pop(name, None)

    def _recording(self, wait: Callable[[], tuple[int | None, int | None]]) -> Callable[[], Any]:
        def waitpid() -> tuple[int | None, int | None]:
            pid, status = wait()
            if pid and status is not None:
                process = self._supervisord.options.pidhistory.get(pid)
                if process is not None:
                    self._on_exit(str(process.config.name), pid, status)
            return pid, status

        return waitpid

    def _on_exit(self, name: str, pid: int, status: int) -> None:
        self._last_exit[name] = {"exit": describe_status(status), "pid": pid, "at": int(time.time())}
        for process, service in find_marked(self._instance):
            if service == name and process.pid != pid:
                try:
                    process.kill()
                except psutil.Error:
                    continue


def describe_status(status: int) -> str:
    """The wait status of a process in words."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"killed by {signal.Signals(number).name}"
    return f"exit status {os.waitstatus_to_exitcode(status)}"


def make_interface(supervisord: Any, instance: str) -> ExitsInterface:
    """What `[rpcinterface:exits]` names."""
    return ExitsInterface(supervisord, instance)
