"""Forks a child per file (or per batch of plain files), watches its time, and says what came of it."""

from __future__ import annotations

import collections
import contextlib
import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .child import run_child
from .linter import Linter, start_linter
from .slots import Slot

if TYPE_CHECKING:
    from .observe import Observer
    from .places import UserCode

_GRACE = 1.5
_LARGEST_BATCH = 80
_SMALLEST_BATCH = 6


@dataclass
class Request:
    """Files that somebody asked about; `answer` is called once per file, in any order."""

    files: list[str]
    options: dict[str, Any]
    answer: Callable[[dict[str, Any]], None]
    work: collections.deque[list[str]] = field(default_factory=collections.deque)
    remaining: int = 0
    linter: Linter | None = None
    held: list[dict[str, Any]] = field(default_factory=list)
    weighed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def plan(self, slots: int) -> None:
        """Cut the files into pieces of work."""
        self.remaining = count = len(self.files)
        start = 0
        while start < count:
            size = 1
            if count > _SMALLEST_BATCH and not self.options.get("alone"):
                # Smaller towards the end, so that no core waits long for the last one.
                share = math.ceil((count - start) / (slots * 3))
                size = max(_SMALLEST_BATCH, min(_LARGEST_BATCH, share))
            self.work.append(self.files[start : start + size])
            start += size


@dataclass
class Child:
    """A running child."""

    request: Request
    files: list[str]
    slot: Slot
    done: set[str] = field(default_factory=set)
    index: int = 0
    since: float = 0.0
    timed_out: bool = False


class Zygote:
    """The children of one preloaded process."""

    def __init__(self, code: UserCode, observer: Observer, slots: int) -> None:
        self.code = code
        self.observer = observer
        self.free = [Slot() for _ in range(slots)]
        self.slots = slots
        self.children: dict[int, Child] = {}
        self.requests: collections.deque[Request] = collections.deque()
        self.descriptors: Callable[[], list[int]] = list

    def add(self, request: Request) -> None:
        """Take a request on."""
        request.plan(self.slots)
        self.requests.append(request)
        self.start_children()
        request.linter = start_linter(request.options.get("linter") or [], request.files)

    def drop(self, request: Request) -> None:
        """Nobody waits for this any more."""
        request.work.clear()
        if request.linter is not None and request.linter.notes is None:
            _kill(request.linter.pid)
        if request in self.requests:
            self.requests.remove(request)
        for pid, child in self.children.items():
            if child.request is request:
                _kill(pid)

    def processes(self) -> set[int]:
        """Everything that was started on purpose and has not ended."""
        linters = {request.linter.pid for request in self.requests if request.linter is not None}
        return linters.union(self.children)

    def start_children(self) -> None:
        """Fill the free slots, one piece of work per request in turn."""
        waiting = sum(1 for request in self.requests if request.work)
        while self.free and waiting:
            request = self.requests[0]
            self.requests.rotate(-1)
            if not request.work:
                waiting = sum(1 for each in self.requests if each.work)
                continue
            self._fork(request, request.work.popleft())
            waiting = sum(1 for each in self.requests if each.work)

    def _fork(self, request: Request, files: list[str]) -> None:
        slot = self.free.pop()
        slot.reset()
        pid = os.fork()
        if pid == 0:
            options = {**request.options, "weigh": files[0] in request.weighed}
            run_child(slot, files, options, self.code, self.observer, self.descriptors())
        self.children[pid] = Child(request, files, slot, since=time.monotonic())

    def reap(self) -> None:
        """Deal with children that ended, ours and orphans of theirs."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            child = self.children.pop(pid, None)
            if child is not None:
                _kill(pid)
                self._collect(child)
                self._finish(child, status)
                self.free.append(child.slot)
            else:
                self._finish_linter(pid)
        self.start_children()

    def tick(self) -> None:
        """Pass on what is known so far, and end children whose file takes too long."""
        now = time.monotonic()
        for pid, child in self.children.items():
            self._collect(child)
            if child.slot.index != child.index:
                child.index, child.since = child.slot.index, now
            if now - child.since > child.request.options["timeout"] + _GRACE:
                child.timed_out = True
                _kill(pid)

    def _collect(self, child: Child) -> None:
        try:
            records = child.slot.new_records()
        except (ValueError, OverflowError):
            return
        for record in records:
            path = record["file"]
            child.done.add(path)
            if record.get("alone"):
                child.request.work.append([path])
            elif _is_heavy(record, child.request):
                child.request.weighed[path] = record
                child.request.work.append([path])
            else:
                self._answer(child.request, record)

    def _finish_linter(self, pid: int) -> None:
        for request in list(self.requests):
            if request.linter is not None and request.linter.pid == pid and request.linter.notes is None:
                request.linter.finish()
                held, request.held = request.held, []
                for record in held:
                    self._answer(request, record)

    def _finish(self, child: Child, status: int) -> None:
        missing = [path for path in child.files if path not in child.done]
        if len(child.files) > 1:
            child.request.work.extend([path] for path in missing)
        elif missing and missing[0] in child.request.weighed:
            self._answer(child.request, child.request.weighed[missing[0]])
        elif missing:
            self._answer(child.request, {"file": missing[0], "ended": self._end(child, status)})

    def _end(self, child: Child, status: int) -> dict[str, Any]:
        self.code.parse(child.files[0])
        faults = [place for place in child.slot.fault_lines() if self.code.owns(place[0])]
        place = faults[0] if faults else child.slot.place()
        if child.timed_out:
            how = "timeout"
        elif os.WIFSIGNALED(status):
            how = signal.Signals(os.WTERMSIG(status)).name
        else:
            how = f"exit {os.WEXITSTATUS(status)}"
        return {"how": how, "place": place}

    def _answer(self, request: Request, record: dict[str, Any]) -> None:
        if request.linter is not None:
            if request.linter.notes is None:
                request.held.append(record)
                return
            record["notes"] = request.linter.notes.get(record["file"], [])
        request.remaining -= 1
        request.answer(record)
        if request.remaining == 0 and request in self.requests:
            self.requests.remove(request)


def _is_heavy(record: dict[str, Any], request: Request) -> bool:
    """Whether a file takes more memory than it may, and has yet to be parsed again line by line."""
    limit = request.options.get("weigh_above")
    return bool(limit) and record["file"] not in request.weighed and record["measured"]["memory"] > limit


def _kill(pid: int) -> None:
    """End a child and its group; what left the group is adopted by us and ended by the server."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
