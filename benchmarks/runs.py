"""Trigger to success of a two-task DAG, and tasks per second, through Celery over SQS."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, percentile, stopwatch
from benchmarks.scratch import NO_OP_TASKS, TWO_TASKS, environment_up, make_project
from harness.local_environment import open_environment
from harness.runner.airflow_api import AirflowApi
from harness.runner.metadata import MetadataReader
from harness.runner.run_state import RunKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

RUNS = 20
DAGS = ("two_tasks", "no_op_tasks")
PATIENCE_SECONDS = 300
NO_OP_COUNT = 200


def measure(scratch: Path) -> Iterator[Measurement]:
    project = make_project(scratch / "project", {"two_tasks.py": TWO_TASKS, "no_op_tasks.py": NO_OP_TASKS})
    with environment_up(project):
        endpoints = open_environment(project, dict(os.environ), {}).backend.endpoints()
        api, reader = AirflowApi(endpoints), MetadataReader(endpoints.database_dsn)
        _await_dags(reader, DAGS)
        for dag_id in DAGS:
            api.unpause(dag_id)
        _run(api, reader, RunKey("two_tasks", "warm-up"))
        latencies = tuple(_run(api, reader, RunKey("two_tasks", f"run-{number}")) for number in range(RUNS))
        seconds = _run(api, reader, RunKey("no_op_tasks", "all"))
        api.close()
        reader.close()
    yield Measurement(
        "trigger to success, two tasks, over SQS",
        "s",
        latencies,
        goal="p50 <= 1.5 s",
        details={"p50": percentile(latencies, 0.5), "p95": percentile(latencies, 0.95)},
    )
    yield Measurement(f"{NO_OP_COUNT} no-op tasks", "tasks/s", (NO_OP_COUNT / seconds,))


def _await_dags(reader: MetadataReader, dag_ids: Sequence[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while set(reader.known_dags(dag_ids)) != set(dag_ids):
        if time.monotonic() > deadline:
            raise RuntimeError("the scheduler has not found the DAGs")
        time.sleep(0.1)


def _run(api: AirflowApi, reader: MetadataReader, key: RunKey) -> float:
    """Seconds from the trigger until the run is a success."""
    with stopwatch() as watch:
        api.trigger(key, {}, None)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ((run := reader.runs([key]).get(key)) and run.is_final):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{key} has not ended")
            time.sleep(0.02)
    if run.state != "success":
        raise RuntimeError(f"{key} ended as {run.state}")
    return watch.seconds
