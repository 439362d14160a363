"""Waiting for evidence: probes asked again until they say yes, a deadline passes, or hope ends early."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Ready:
    """The awaited thing holds; `evidence` says how we know."""

    evidence: str


@dataclass(frozen=True)
class NotYet:
    """The awaited thing may still come; `reason` is what the probe saw."""

    reason: str


@dataclass(frozen=True)
class Hopeless:
    """Waiting longer cannot help, e.g. the process died; `error` says why."""

    error: HarnessError


Answer = Ready | NotYet | Hopeless


class DeadlineError(HarnessError):
    """The deadline passed before the awaited thing held."""


def wait_until(
    probe: Callable[[], Answer],
    *,
    subject: str,
    seconds: float,
    interval: float = 0.1,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Ready:
    """Ask `probe` every `interval` seconds until it answers `Ready`.

    Args:
        probe: asks once, without blocking for long.
        subject: what is awaited, for the error message.
        seconds: the deadline, on the monotonic clock.
        interval: pause between questions, in seconds.
        clock: monotonic clock, in seconds.
        pause: sleeps for the given number of seconds.

    Raises:
        HarnessError: the one a `Hopeless` answer carries.
        DeadlineError: still `NotYet` after `seconds`.
    """
    deadline = clock() + seconds
    while True:
        answer = probe()
        if isinstance(answer, Ready):
            return answer
        if isinstance(answer, Hopeless):
            raise answer.error
        if clock() >= deadline:
            raise DeadlineError(f"{subject} was not ready within {seconds:g} seconds: {answer.reason}")
        pause(interval)
