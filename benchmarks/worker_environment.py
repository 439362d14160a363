"""How long a worker environment takes from nothing, with a cold and a warm package cache, beside pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, stopwatch
from benchmarks.scratch import make_project
from harness.workerenv.interpreters import find_interpreter
from harness.workerenv.matrix import support_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WARM_RUNS = 3


def measure(scratch: Path) -> Iterator[Measurement]:
    cache = scratch / "uv-cache"
    cold = _build(make_project(scratch / "cold", {}), cache)
    warm = tuple(_build(make_project(scratch / f"warm-{run}", {}), cache) for run in range(WARM_RUNS))
    pip_cache = scratch / "pip-cache"
    pip_cold = _install_with_pip(scratch / "pip-cold", pip_cache)
    pip_warm = _install_with_pip(scratch / "pip-warm", pip_cache)
    yield Measurement("worker environment, cold cache", "s", (cold,), "venv + pip", (pip_cold,))
    yield Measurement("worker environment, warm cache", "s", warm, "venv + pip", (pip_warm,), goal="<= 10 s")


def _build(project: Path, cache: Path) -> float:
    command = [sys.executable, "-m", "harness", "--project", str(project), "env", "build"]
    variables = {**os.environ, "UV_CACHE_DIR": str(cache)}
    with stopwatch() as watch:
        subprocess.run(command, check=True, env=variables, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    shutil.rmtree(project)
    return watch.seconds


def _install_with_pip(folder: Path, cache: Path) -> float:
    row = support_row("2.5.1")
    interpreter = find_interpreter(row.python_series, dict(os.environ))
    with stopwatch() as watch:
        subprocess.run([interpreter.path, "-m", "venv", folder], check=True)
        subprocess.run(
            [
                folder / "bin/pip",
                "install",
                "--quiet",
                "--no-deps",
                "--cache-dir",
                cache,
                "-r",
                row.base_lock,
            ],
            check=True,
            stdout=sys.stderr,
        )
    shutil.rmtree(folder)
    return watch.seconds
