from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

INSIDE = Path(__file__).parents[3] / "harness" / "inside"
PROGRAM = """
import gc, json, os, sys
sys.path.insert(0, sys.argv[1])
from share_memory import share_before_first_fork
share_before_first_fork()
counts = [gc.get_freeze_count()]
for _ in range(2):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
    counts.append(gc.get_freeze_count())
print(json.dumps(counts))
"""


def test_what_was_loaded_is_set_apart_at_the_first_fork_and_only_there() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(INSIDE)], capture_output=True, text=True, check=True
    )

    before, first, second = json.loads(done.stdout)
    assert before < first
    assert second <= first
