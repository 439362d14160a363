"""From nothing running to everything ready, beside `airflow standalone`, and what the idle stack weighs.

`airflow standalone` runs no Celery, no broker, no S3 and SQLite instead of PostgreSQL.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import psutil

from benchmarks.measure import Measurement, stopwatch, tree_pss
from benchmarks.scratch import TWO_TASKS, bare_variables, harness, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 5
STANDALONE_SECONDS = 180
SETTLE_SECONDS = 20
GIBIBYTE = 2**30


def measure(scratch: Path) -> Iterator[Measurement]:
    project = make_project(scratch / "project", {"two_tasks.py": TWO_TASKS})
    harness(project, "env", "build")
    airflow = project / ".mwaa/envs/current/bin/airflow"
    home = scratch / "standalone"
    home.mkdir()
    standalone_first, standalone_memory = _standalone(airflow, home, SETTLE_SECONDS)
    firsts, seconds, standalone_seconds = [], [], []
    firsts.append(_up(project))
    memory = _idle_memory(project)
    harness(project, "down")
    for _ in range(RUNS):
        seconds.append(_up(project))
        harness(project, "down")
        ready, _ = _standalone(airflow, home, 0)
        standalone_seconds.append(ready)
    harness(project, "down", "--volumes")
    usual = "airflow standalone"
    yield Measurement("first up (worker environment built)", "s", tuple(firsts), usual, (standalone_first,))
    yield Measurement(
        "second up, everything ready", "s", tuple(seconds), usual, tuple(standalone_seconds), goal="<= 0.7 x"
    )
    yield Measurement(
        "idle stack, PSS",
        "GiB",
        (sum(memory.values()) / GIBIBYTE,),
        usual,
        (standalone_memory / GIBIBYTE,),
        goal="<= 1.5 GiB",
        details={name: round(size / GIBIBYTE, 3) for name, size in memory.items()},
    )


def _up(project: Path) -> float:
    with stopwatch() as watch:
        harness(project, "up", "--runtime", "native")
    return watch.seconds


def _idle_memory(project: Path) -> dict[str, int]:
    time.sleep(SETTLE_SECONDS)
    command = [sys.executable, "-m", "harness", "--project", str(project), "status", "--json"]
    services = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {service["service"]: service["memory_bytes"] or 0 for service in services}


def _standalone(airflow: Path, home: Path, settle: float) -> tuple[float, int]:
    """Seconds until `airflow standalone` calls its parts healthy; its PSS in bytes `settle` seconds later."""
    port, log_port = _free_port(), _free_port()
    variables = bare_variables(
        home,
        PATH=f"{airflow.parent}:/usr/bin:/bin",
        AIRFLOW__WEBSERVER__WEB_SERVER_HOST="127.0.0.1",
        AIRFLOW__WEBSERVER__WEB_SERVER_PORT=str(port),
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(log_port),
        AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=str(log_port),
    )
    with stopwatch() as watch, (home / "standalone.log").open("ab") as log:
        process = subprocess.Popen(
            [airflow, "standalone"], env=variables, stdout=log, stderr=log, start_new_session=True
        )
        _wait_until_healthy(port, process)
    try:
        time.sleep(settle)
        return watch.seconds, tree_pss(process.pid)
    finally:
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        psutil.wait_procs(
            family, timeout=60
        )  # what it leaves behind must not slow down what is measured next


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    started = datetime.now(timezone.utc)
    deadline = time.monotonic() + STANDALONE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                health = json.load(answer)
            if health["metadatabase"]["status"] == "healthy" and _beat_since(health["scheduler"], started):
                return
        except (urllib.error.URLError, OSError, ValueError):
            pass
        time.sleep(0.1)
    process.kill()
    raise RuntimeError("airflow standalone did not become healthy")


def _beat_since(scheduler: dict[str, str | None], started: datetime) -> bool:
    """Whether this scheduler, not one that ran before, has sent a heartbeat."""
    beat = scheduler["latest_scheduler_heartbeat"]
    return beat is not None and datetime.fromisoformat(beat) >= started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
