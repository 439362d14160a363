"""Events as lines with elapsed times, for output that is no terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.events import Notice, StepFailed, StepFinished, StepProgressed, StepStarted, Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.events import Event


class PlainProgress:
    """Turns events into lines; `details` adds a line for each progress of a step."""

    def __init__(self, *, details: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._details = details
        self._clock = clock
        self._begin = clock()

    def lines(self, event: Event) -> Iterator[str]:
        """The lines that tell of `event`; often one, sometimes none."""
        match event:
            case Notice(text):
                yield text
            case Warned(text):
                yield f"warning: {text}"
            case StepStarted(step, detail):
                yield f"{self._stamp()} {describe_step(step, detail)} ..."
            case StepProgressed(step, detail):
                if self._details:
                    yield f"{self._stamp()} {describe_step(step, detail)}"
            case StepFinished(step, detail, seconds):
                yield f"{self._stamp()} {describe_finish(step, detail, seconds)}"
            case StepFailed(step, detail):
                yield f"{self._stamp()} {describe_step(step, detail)}: failed"

    def _stamp(self) -> str:
        return f"[{self._clock() - self._begin:6.1f} s]"


def describe_step(step: str, detail: str) -> str:
    """A step and its latest state on one line."""
    return f"{step}: {detail}" if detail else step


def describe_finish(step: str, detail: str, seconds: float | None) -> str:
    """A finished step, what came of it and how long it took."""
    took = "" if seconds is None else f" ({seconds:.1f} s)"
    return f"{step}: {detail or 'done'}{took}"
