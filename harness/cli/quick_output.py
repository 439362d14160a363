"""Writes the report of the quick way: the same text as the usual way's."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from harness.report.text import render_text
from harness.results import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from harness.results import CheckResult


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
