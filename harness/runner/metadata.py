"""Reads runs, task instances, XComs and known DAGs straight from the metadata database."""

from __future__ import annotations

import json
import threading
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import SQL

from harness.errors import HarnessError
from harness.runner.run_state import RunKey, RunState, TaskState
from harness.runner.verdict import NOT_PUSHED
from harness.waiting import NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PATIENCE = 60.0

_RUNS = SQL("""
SELECT r.dag_id, r.run_id, r.state, t.task_id, t.map_index, t.state, t.try_number
FROM unnest(%s::text[], %s::text[]) AS wanted (dag_id, run_id)
JOIN dag_run r USING (dag_id, run_id)
LEFT JOIN task_instance t ON t.dag_id = r.dag_id AND t.run_id = r.run_id
ORDER BY r.dag_id, r.run_id, t.start_date NULLS LAST, t.task_id, t.map_index
""")

_DATASET_RUNS = SQL("""
SELECT DISTINCT e.source_dag_id, e.source_run_id, r.dag_id, r.run_id
FROM dataset_event e
JOIN dagrun_dataset_event link ON link.event_id = e.id
JOIN dag_run r ON r.id = link.dag_run_id
WHERE e.source_run_id = ANY(%s)
""")

_DAGS = SQL("""
SELECT d.dag_id, d.is_paused, d.last_parsed_time, s.dag_hash
FROM dag d JOIN serialized_dag s USING (dag_id)
WHERE d.is_active AND d.dag_id = ANY(%s)
""")

_SERIALIZED = SQL("SELECT data, data_compressed FROM serialized_dag WHERE dag_id = %s")

_XCOM = SQL("""
SELECT map_index, value FROM xcom
WHERE dag_id = %s AND run_id = %s AND task_id = %s AND key = %s ORDER BY map_index
""")

_IMPORT_ERRORS = SQL("SELECT filename, stacktrace FROM import_error ORDER BY filename")

_RUN_AT = SQL("SELECT run_id, state FROM dag_run WHERE dag_id = %s AND execution_date = %s")

_ACTIVE_RUNS = SQL("SELECT count(*) FROM dag_run WHERE dag_id = ANY(%s) AND state IN ('queued', 'running')")


@dataclass(frozen=True)
class KnownDag:
    """A DAG as the scheduler has it."""

    dag_id: str
    is_paused: bool
    parsed_at: datetime | None
    digest: str


class MetadataReader:
    """One connection, opened when needed and again after the server was away. Safe to use from threads."""

    def __init__(self, dsn: str, *, patience: float = _PATIENCE) -> None:
        self._dsn = dsn
        self._patience = patience
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            self._drop()

    def runs(self, keys: Sequence[RunKey]) -> Mapping[RunKey, RunState]:
        """The runs of `keys` that exist, in one query."""
        rows = (
            self._query(_RUNS, ([key.dag_id for key in keys], [key.run_id for key in keys])) if keys else []
        )
        states: dict[RunKey, str] = {}
        tasks: dict[RunKey, list[TaskState]] = {}
        for dag_id, run_id, run_state, task_id, map_index, state, tries in rows:
            key = RunKey(dag_id, run_id)
            states[key] = run_state
            instances = tasks.setdefault(key, [])
            if task_id is not None:
                instances.append(TaskState(task_id, map_index, state, tries))
        return {key: RunState(key, state, tuple(tasks[key])) for key, state in states.items()}

    def dataset_runs(self, sources: Iterable[RunKey]) -> Mapping[RunKey, tuple[RunKey, ...]]:
        """The runs which the dataset updates of each source run have created."""
        wanted = set(sources)
        found: dict[RunKey, list[RunKey]] = {}
        if wanted:
            for source_dag, source_run, dag_id, run_id in self._query(
                _DATASET_RUNS, ([key.run_id for key in wanted],)
            ):
                found.setdefault(RunKey(source_dag, source_run), []).append(RunKey(dag_id, run_id))
        return {source: tuple(runs) for source, runs in found.items() if source in wanted}

    def known_dags(self, dag_ids: Sequence[str]) -> Mapping[str, KnownDag]:
        rows = self._query(_DAGS, (list(dag_ids),)) if dag_ids else []
        return {row[0]: KnownDag(*row) for row in rows}

    def serialized(self, dag_id: str) -> Mapping[str, Any] | None:
        """What the scheduler keeps of a DAG."""
        for data, compressed in self._query(_SERIALIZED, (dag_id,)):
            document = data if data is not None else zlib.decompress(compressed)
            document = document if isinstance(document, dict) else json.loads(document)
            dag: Mapping[str, Any] = document["dag"]
            return dag
        return None

    def xcom(self, key: RunKey, task_id: str, name: str) -> Any:
        """The value pushed by a task; a list when it is mapped; `NOT_PUSHED` when there is none."""
        rows = self._query(_XCOM, (key.dag_id, key.run_id, task_id, name))
        values = [_decode(value, f"{key.dag_id}.{task_id}", name) for _, value in rows]
        if not rows:
            return NOT_PUSHED
        return values[0] if rows[0][0] < 0 else values

    def import_errors(self) -> Mapping[str, str]:
        """Traceback by file, as the scheduler has them."""
        return dict(self._query(_IMPORT_ERRORS, ()))

    def run_at(self, dag_id: str, logical_date: datetime) -> tuple[RunKey, str] | None:
        """The run of a logical date, and its state; a DAG has one at most."""
        for run_id, state in self._query(_RUN_AT, (dag_id, logical_date)):
            return RunKey(dag_id, run_id), state
        return None

    def count_active_runs(self, dag_ids: Sequence[str]) -> int:
        return int(self._query(_ACTIVE_RUNS, (list(dag_ids),))[0][0])

    def _query(self, sql: SQL, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows; waits for a server that is starting again."""
        answers: list[list[tuple[Any, ...]]] = []

        def probe() -> Ready | NotYet:
            try:
                answers.append(self._connect().execute(sql, parameters).fetchall())
            except psycopg.OperationalError as error:
                self._drop()
                return NotYet(str(error).strip())
            return Ready("answered")

        with self._lock:
            wait_until(probe, subject="the metadata database", seconds=self._patience, interval=0.2)
        return answers[-1]

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._dsn, autocommit=True, connect_timeout=5, application_name="mwaa-harness test-dags"
            )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _decode(value: bytes, task: str, key: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise HarnessError(
            f"XCom {key} of {task} is not JSON, so it cannot be read outside Airflow",
            hint="Leave core.enable_xcom_pickling off, as MWAA does, and return JSON values.",
        ) from error
