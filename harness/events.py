"""What lower layers say while they work. They emit these; only the console writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class StepStarted:
    """A named piece of work began, e.g. "worker environment" or "scheduler"."""

    step: str
    detail: str = ""


@dataclass(frozen=True)
class StepProgressed:
    """A piece of work is still going on; `detail` is its latest state."""

    step: str
    detail: str


@dataclass(frozen=True)
class StepFinished:
    """A piece of work ended well. `seconds` is its wall-clock time."""

    step: str
    detail: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class StepFailed:
    """A piece of work ended badly; the exception that follows says why."""

    step: str
    detail: str = ""


@dataclass(frozen=True)
class Notice:
    """One line a person should know, e.g. which runtime was chosen and why."""

    text: str


@dataclass(frozen=True)
class Warned:
    """One line a person should act on, though the work goes on."""

    text: str


Event = StepStarted | StepProgressed | StepFinished | StepFailed | Notice | Warned
EventSink = Callable[[Event], None]


def ignore_events(event: Event) -> None:
    """Swallow `event`; for callers with nobody listening."""
