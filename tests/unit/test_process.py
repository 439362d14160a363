from __future__ import annotations

import os
import signal
import subprocess
import sys

from harness.process import attach

WAIT = """
import sys, time
try:
    print("up", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(7)
"""


def test_the_exit_status_of_an_attached_process_is_reported_as_a_shell_does() -> None:
    assert attach([sys.executable, "-c", "raise SystemExit(5)"], env=os.environ) == 5
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert attach([sys.executable, "-c", killed], env=os.environ) == 137


def test_a_request_to_end_lets_the_attached_process_clean_up() -> None:
    code = (
        "import os, sys\n"
        "from harness.cli.console import terminal_console\n"
        "from harness.cli.interruption import interruptible\n"
        "from harness.process import attach\n"
        "with interruptible(terminal_console({})):\n"
        f"    sys.exit(attach([sys.executable, '-c', {WAIT!r}], env=os.environ))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        parent.send_signal(signal.SIGTERM)

        assert parent.wait() == 7
