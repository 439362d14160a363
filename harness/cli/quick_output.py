"""Writes the report of the quick way: the same text as the usual way's."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from harness.report.text import render_text
from harness.results import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from harness.results import CheckResult

_QUIET_SECONDS = 1.0
_TURN_SECONDS = 0.1


class QuickProgress:
    """How many files are done, on standard error, once that takes longer than a second."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _QUIET_SECONDS
        self._width = 0

    def show(self, done: int, count: int) -> None:
        """Say it, when it was not said for a while: in a terminal on one line, which does not stay."""
        now = time.monotonic()
        if now < self._next:
            return
        text = f"DAG files: {done} of {count}"
        if sys.stderr.isatty():
            self._next, self._width = now + _TURN_SECONDS, len(text)
            sys.stderr.write(f"\r{text}")
        else:
            self._next = now + _QUIET_SECONDS
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave the terminal's line empty."""
        if self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()


def write_report(result: CheckResult, root: Path) -> int:
    """Write the report to standard output; the exit status to end with."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")  # a letter that the terminal cannot show is no reason to fail
    try:
        sys.stdout.write(render_text([result], root, {}))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has what it wanted. The interpreter must not flush into the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if result.outcome is Outcome.FAILED else 0
