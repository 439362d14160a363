"""From saving a DAG file to the scheduler having stored the edited DAG."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psycopg

from benchmarks.measure import Measurement, stopwatch
from benchmarks.scratch import TWO_TASKS, environment_up, make_project
from harness.local_environment import open_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EDITS = 10
PAUSE_SECONDS = 3
PATIENCE_SECONDS = 60


def measure(scratch: Path) -> Iterator[Measurement]:
    project = make_project(scratch / "project", {"two_tasks.py": TWO_TASKS})
    with environment_up(project):
        dsn = open_environment(project, dict(os.environ), {}).backend.endpoints().database_dsn
        with psycopg.connect(dsn, autocommit=True) as connection:
            edits = tuple(_edit(project, connection, number) for number in range(EDITS))
            added = tuple(_add(project, connection, number) for number in range(EDITS))
    yield Measurement("edited DAG visible to the scheduler", "s", edits, goal="<= 3 s")
    yield Measurement("new DAG visible to the scheduler", "s", added, goal="<= 3 s")


def _edit(project: Path, connection: psycopg.Connection, number: int) -> float:
    time.sleep(PAUSE_SECONDS)
    task_id = f"first_{number}"
    (project / "dags/two_tasks.py").write_text(TWO_TASKS.replace('"first"', f'"{task_id}"'), encoding="utf-8")
    return _wait(connection, "two_tasks", task_id)


def _add(project: Path, connection: psycopg.Connection, number: int) -> float:
    time.sleep(PAUSE_SECONDS)
    dag_id = f"added_{number}"
    text = TWO_TASKS.replace('"two_tasks"', f'"{dag_id}"')
    (project / f"dags/{dag_id}.py").write_text(text, encoding="utf-8")
    return _wait(connection, dag_id, "first")


def _wait(connection: psycopg.Connection, dag_id: str, task_id: str) -> float:
    """Seconds until the stored DAG has the task."""
    query = "SELECT 1 FROM serialized_dag WHERE dag_id = %s AND position(%s in data::text) > 0"
    with stopwatch() as watch:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while connection.execute(query, (dag_id, f'"{task_id}"')).fetchone() is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{dag_id} did not become visible")
            time.sleep(0.02)
    return watch.seconds
