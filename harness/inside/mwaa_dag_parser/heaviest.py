"""Finds the user's line that takes the most memory, by running the file once more, line by line."""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

    from .places import UserCode


class LineScale:
    """Weighs each of the user's lines by how far the process's memory peaks while it runs."""

    def __init__(self, code: UserCode) -> None:
        self.code = code
        self.grown: dict[tuple[str, int], int] = {}
        self.stack: list[tuple[str, int]] = []
        self.peak = _peak()

    def start(self) -> None:
        """From here on; the tracing function of a process can be only one."""
        sys.settrace(self._enter)

    def stop(self) -> tuple[str, int] | None:
        """The heaviest line."""
        sys.settrace(None)
        self._weigh()
        return max(self.grown, key=lambda place: (self.grown[place], place), default=None)

    def _enter(self, frame: FrameType, _event: str, _value: Any) -> Any:
        if not self.code.owns(frame.f_code.co_filename):
            return None
        self._weigh()
        self.stack.append((frame.f_code.co_filename, frame.f_lineno))
        return self._step

    def _step(self, frame: FrameType, event: str, _value: Any) -> Any:
        self._weigh()
        if event == "line":
            self.stack[-1:] = [(frame.f_code.co_filename, frame.f_lineno)]
        elif event == "return" and self.stack:
            self.stack.pop()
        return self._step

    def _weigh(self) -> None:
        now = _peak()
        if self.stack and now > self.peak:
            place = self.stack[-1]
            self.grown[place] = self.grown.get(place, 0) + now - self.peak
        self.peak = now


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
