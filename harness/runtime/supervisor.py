"""Talking to supervisord: starting it, asking it, and stopping services by their grades."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import psutil
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, SupervisorTransport

from harness import process
from harness.errors import HarnessError
from harness.runtime.marks import SUPERVISOR, mark
from harness.runtime.supervisor_config import CONFIG, SOCKET
from harness.waiting import Answer, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.runtime.services import Service

_START_SECONDS = 60.0
_RETURN_AT_ONCE = False  # the parameter `wait` of Supervisor's methods
_ALIVE: frozenset[int] = frozenset({ProcessStates.STARTING, ProcessStates.RUNNING, ProcessStates.STOPPING})

_FAILED: frozenset[int] = frozenset({ProcessStates.BACKOFF, ProcessStates.EXITED, ProcessStates.FATAL})


@dataclass(frozen=True)
class ProcessInfo:
    """What supervisord knows about one service's process. `exits` counts ends nobody asked for."""

    name: str
    state: int
    pid: int | None
    started: float
    stopped: float
    starts: int
    last_exit: str | None
    spawn_error: str | None

    @property
    def is_alive(self) -> bool:
        return self.state in _ALIVE

    @property
    def is_failed(self) -> bool:
        """Not running although it should: it ended, waits for its next start, or was given up."""
        return self.state in _FAILED

    @property
    def is_waiting(self) -> bool:
        """Not running; it ended, and is to be started again after a while."""
        return bool(self.state == ProcessStates.BACKOFF)

    @property
    def is_given_up(self) -> bool:
        return bool(self.state == ProcessStates.FATAL)

    @property
    def is_young(self) -> bool:
        """Started so recently that it need not be ready yet."""
        return bool(self.state == ProcessStates.STARTING)

    @property
    def restarts(self) -> int:
        return max(0, self.starts - 1)


def _nobody(name: str) -> None:
    """Hear that service `name` ended, and do nothing."""


class SupervisorGoneError(HarnessError):
    """supervisord does not answer."""


class Supervisor:
    """The supervisord whose private folder is `folder`, running or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def is_answering(self) -> bool:
        """Whether a supervisord answers on the socket."""
        try:
            self._call("supervisor.getState")
        except SupervisorGoneError:
            return False
        return True

    def processes(self) -> dict[str, ProcessInfo]:
        """What it knows about every service.

        Raises:
            SupervisorGoneError: it does not answer.
        """
        infos, exits = self._multicall(("supervisor.getAllProcessInfo",), ("exits.getAll",))
        return {info["name"]: _read_info(info, exits.get(info["name"], {})) for info in infos}

    def start(self, name: str) -> None:
        """Start the service's process; returns at once. One that runs already is left alone.

        Raises:
            HarnessError: it cannot be started at all.
        """
        if self.processes()[name].is_waiting:  # for its next start, which supervisord counts as running
            self.begin_stop(name)
        try:
            self._call("supervisor.startProcess", name, _RETURN_AT_ONCE)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise HarnessError(f"{name} cannot be started: {fault.faultString}") from fault

    def begin_stop(self, name: str) -> None:
        """Send the service its first stop signal, and start it no more; returns at once."""
        try:
            self._call("supervisor.stopProcess", name, _RETURN_AT_ONCE)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in {Faults.NOT_RUNNING, Faults.BAD_NAME}:
                raise HarnessError(f"{name} cannot be stopped: {fault.faultString}") from fault

    def stop(self, services: Sequence[Service], on_end: Callable[[str], None] = _nobody) -> None:
        """Stop `services` side by side, each by its own grades, and return when all have ended.

        Raises:
            HarnessError: one of them does not end.
        """
        for service in services:
            self.begin_stop(service.name)
        stopping = [_Stopping(service) for service in services]
        begun = time.monotonic()

        def probe() -> Answer:
            processes = self.processes()
            for item in list(stopping):
                info = processes.get(item.name)
                if info is None or not info.is_alive:
                    stopping.remove(item)
                    on_end(item.name)
                else:
                    item.signal_due(info.pid, time.monotonic() - begun)
            names = ", ".join(item.name for item in stopping)
            return NotYet(f"{names} still running") if stopping else Ready("all ended")

        longest = max((sum(grade.seconds for grade in service.stop) for service in services), default=0.0)
        wait_until(probe, subject="stopping", seconds=longest + 10, interval=0.05)

    def load(self) -> None:
        """Take over the configuration file: know services that are new in it, forget those that are gone."""
        ((added, changed, removed),) = self._call("supervisor.reloadConfig")
        for name in (*removed, *changed):
            self._call("supervisor.stopProcessGroup", name)
            self._call("supervisor.removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("supervisor.addProcessGroup", name)

    def launch(self, environ: Mapping[str, str], instance: str) -> None:
        """Start supervisord, which leaves this session once its socket is open, and return when it answers.

        Raises:
            HarnessError: it cannot be started, or does not answer in time.
        """
        (self.folder / SOCKET).unlink(missing_ok=True)
        process.check(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self.folder / CONFIG],
            env={**environ, **mark(instance, SUPERVISOR)},
            cwd=self.folder,
            timeout=_START_SECONDS,
        )

        def probe() -> Answer:
            return Ready("it answers") if self.is_answering() else NotYet("no answer on its socket")

        wait_until(probe, subject="the supervisor", seconds=_START_SECONDS, interval=0.02)

    def shutdown(self) -> None:
        """Ask supervisord to leave; returns when its process is gone."""
        try:
            pid = int(self._call("supervisor.getPID"))
            self._call("supervisor.shutdown")
        except SupervisorGoneError:
            return

        def probe() -> Answer:
            return NotYet(f"process {pid} still runs") if _is_running(pid) else Ready("gone")

        wait_until(probe, subject="the supervisor's end", seconds=_START_SECONDS, interval=0.02)

    def _multicall(self, *calls: tuple[Any, ...]) -> list[Any]:
        batch = [{"methodName": name, "params": list(parameters)} for name, *parameters in calls]
        return list(self._call("system.multicall", batch))

    def _call(self, method: str, *parameters: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.folder / SOCKET}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy, method)(*parameters)
        except (OSError, HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorGoneError(f"the supervisor does not answer: {error}") from error
        finally:
            transport.close()


def _read_info(info: Mapping[str, Any], exits: Mapping[str, Any]) -> ProcessInfo:
    return ProcessInfo(
        name=str(info["name"]),
        state=int(info["state"]),
        pid=int(info["pid"]) or None,
        started=float(info["start"]),
        stopped=float(info["stop"]),
        starts=int(exits.get("starts", 0)),
        last_exit=exits.get("exit"),
        spawn_error=str(info["spawnerr"]) or None,
    )


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


class _Stopping:
    """One service on its way out: the signals that are still to come, and when."""

    def __init__(self, service: Service) -> None:
        self.name = service.name
        self._due: list[tuple[float, str]] = []
        elapsed = 0.0
        following = (*(grade.signal for grade in service.stop[1:]), "KILL")
        for grade, name in zip(service.stop, following, strict=True):
            elapsed += grade.seconds
            self._due.append((elapsed, name))

    def signal_due(self, pid: int | None, elapsed: float) -> None:
        """Send the signals whose time has come."""
        while self._due and elapsed >= self._due[0][0]:
            _, name = self._due.pop(0)
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.Signals[f"SIG{name}"])
