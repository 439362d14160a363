"""Says what goes on while pytest waits: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from harness.events import Notice, StepFailed, StepFinished, StepProgressed, StepStarted, Warned
from harness.runner.run_state import describe_tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.events import Event
    from harness.runner.bench import Progress
    from harness.runner.run_state import RunState

_PLAIN_SECONDS = 5.0
_PLAIN_WIDTH = 120
_ACTIVE = frozenset(
    {"scheduled", "queued", "running", "deferred", "up_for_retry", "up_for_reschedule", "sensing"}
)


class Terminal(Protocol):
    """Where lines go; past pytest's capture."""

    width: int

    @property
    def is_live(self) -> bool: ...

    def show(self, text: str) -> None: ...
    def hide(self) -> None: ...
    def write_line(self, text: str) -> None: ...


class LiveProgress:
    """Shows events and run states, each once."""

    def __init__(self, terminal: Terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._clock = clock
        self._shown = ""
        self._said_at = clock()

    def event(self, event: Event) -> None:
        """Tell of a step of starting or stopping the environment."""
        line = describe_event(event)
        if line is None or (isinstance(event, StepStarted | StepProgressed) and not self._terminal.is_live):
            return
        if isinstance(event, StepStarted | StepProgressed):
            self._show(line)
        else:
            self.clear()
            self._terminal.write_line(line)

    def warn(self, text: str) -> None:
        """Tell something a person should act on."""
        self.event(Warned(text))

    def watch(self, progress: Progress) -> None:
        """Tell how the runs are."""
        width = self._terminal.width - 1 if self._terminal.is_live else _PLAIN_WIDTH
        line = describe_progress(progress, width)
        if self._terminal.is_live:
            self._show(line)
        elif line != self._shown and self._clock() - self._said_at >= _PLAIN_SECONDS:
            self._shown, self._said_at = line, self._clock()
            self._terminal.write_line(line)

    def clear(self) -> None:
        """Take the moving line away, so that others may write."""
        if self._terminal.is_live and self._shown:
            self._terminal.hide()
            self._shown = ""

    def _show(self, line: str) -> None:
        fitting = line if len(line) < self._terminal.width else f"{line[: self._terminal.width - 2]}…"
        if fitting != self._shown:
            self._terminal.show(fitting)
            self._shown = fitting


def describe_event(event: Event) -> str | None:
    """One line about an event; None for what needs none."""
    if isinstance(event, Notice | Warned):
        return f"mwaa: {event.text}"
    if isinstance(event, StepFinished):
        took = f" ({event.seconds:.1f} s)" if event.seconds is not None else ""
        return f"mwaa: {event.step}: {event.detail or 'done'}{took}"
    if isinstance(event, StepFailed):
        return f"mwaa: {event.step}: failed {event.detail}".rstrip()
    return f"mwaa: {event.step}: {event.detail or 'started'}"


def describe_progress(progress: Progress, width: int) -> str:
    """One line of at most `width` characters: how many runs are done, and what the others are at."""
    line = f"mwaa: {progress.finished}/{progress.total} runs done"
    for position, (label, run) in enumerate(progress.running):
        addition = f"{',' if position else ';'} {label} ({_describe_activity(run)})"
        rest = f" and {len(progress.running) - position} more"
        if len(line) + len(addition) + len(rest) > width and position:
            return line + rest
        line += addition
    return line


def _describe_activity(run: RunState | None) -> str:
    """What a run is at: its tasks that are neither done nor waiting for others."""
    if run is None:
        return "waiting"
    active = [task for task in run.tasks if task.state in _ACTIVE]
    return describe_tasks(active) or run.state
