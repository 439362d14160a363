"""`python -m harness.testing.reaper PID FOLDER`: stops an environment when its process is gone.

What Ryuk is for test containers: a process of its own, so that not even `kill -9` of the tests leaves
anything running. It ends with the tests; what they started it finds by the project's folder, and containers
by the label with their compose project name.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import psutil

from harness.errors import HarnessError
from harness.events import ignore_events
from harness.local_environment import open_environment
from harness.runner.lease import Lease


def main(arguments: list[str]) -> int:
    """Wait for the process, then stop what it has not stopped itself."""
    pid, folder = int(arguments[0]), Path(arguments[1])
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait()
    if not folder.is_dir():
        return 0
    try:
        local = open_environment(folder, dict(os.environ), {})
        Lease(local.project.state.root).stop_unused(lambda: local.backend.down(ignore_events))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
