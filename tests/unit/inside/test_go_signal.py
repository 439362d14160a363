from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

INSIDE = Path(__file__).parents[3] / "harness" / "inside"
PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
from go_signal import load_then_wait
load_then_wait(("colorsys",))
print("colorsys" in sys.modules, "MWAA_HARNESS_GO" in os.environ, flush=True)
"""


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(INSIDE)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_without_a_signal_to_wait_for_it_goes_on() -> None:
    with start({}) as process:
        assert process.communicate(timeout=60)[0] == "True False\n"


def test_it_waits_for_the_file_and_leaves_no_variable_behind(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with start({"MWAA_HARNESS_GO": str(go)}) as process:
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            go.touch()
        assert process.communicate(timeout=60)[0] == "True False\n"
