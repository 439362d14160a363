"""Thirty short runs in flight, and proof that nothing of them was lost and nothing succeeded twice."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from harness.runner.run_state import RunKey
from harness.waiting import NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.environments import CommandProject

RUNS = 30
BOUND = 300.0

# Airflow's own record, written in the transaction that makes a task instance a success.
SUCCESSES = """
SELECT r.run_id, l.task_id, count(*) FROM log l
JOIN dag_run r ON r.dag_id = l.dag_id AND r.execution_date = l.execution_date
WHERE l.event = 'success' AND l.dag_id = %s AND r.run_id = ANY(%s) GROUP BY 1, 2
"""
TASKS = "SELECT state, count(*) FROM task_instance WHERE dag_id = %s AND run_id = ANY(%s) GROUP BY 1"


@dataclass(frozen=True)
class Plan:
    """A DAG of tests/dags/in_flight.py and its tasks."""

    dag_id: str
    steps: tuple[str, ...]


ONE_STEP = Plan("in_flight", ("first",))
CHAIN = Plan("in_flight_chain", ("first", "second"))  # something is left to schedule after the kill


class Flight:
    """Thirty runs of one DAG."""

    def __init__(
        self, environment: CommandProject, plan: Plan, marks: Path, *, seen_as: str | None = None
    ) -> None:
        """`seen_as` is the path of the folder `marks` for tasks, where that is another one."""
        self.environment = environment
        self.plan = plan
        self.keys = [RunKey(plan.dag_id, f"{time.time():.0f}-{number:02}") for number in range(RUNS)]
        self.marks = marks
        self.marks.mkdir()
        self.marks.chmod(0o777)  # tasks in containers are another user
        self.seen_as = seen_as or str(marks)

    def start(self, **conf: Any) -> None:
        """Queue all runs, then let the scheduler have them at once."""
        environment, dag_id = self.environment, self.plan.dag_id
        given = {"marks": self.seen_as, **conf}
        environment.await_dag(dag_id)
        with environment.api() as api, ThreadPoolExecutor(4) as executor:
            api.pause(dag_id)
            list(executor.map(lambda key: api.trigger(key, given, None), self.keys))
            api.unpause(dag_id)

    def await_middle(self, *, busy: str = "running", successes: int = 4) -> None:
        """Return when some tasks are done, some in state `busy`, and most are still to come."""

        def answer() -> Ready | NotYet:
            states = dict(self._query(TASKS))
            if states.get("success", 0) >= successes and states.get(busy, 0) >= 2:
                return Ready(str(states))
            return NotYet(str(states))

        wait_until(answer, subject="the middle of the runs", seconds=120, interval=0.1)

    def await_end(self, seconds: float) -> None:
        """Every run ends in success, none as anything else."""
        with self.environment.metadata() as metadata:

            def answer() -> Ready | NotYet:
                runs = metadata.runs(self.keys)
                assert len(runs) == RUNS, "a run was lost"
                failed = [run for run in runs.values() if run.state == "failed"]
                assert failed == []
                unfinished = [run for run in runs.values() if run.state != "success"]
                if unfinished:
                    return NotYet(f"{len(unfinished)} runs, the first: {unfinished[0]}")
                return Ready("all succeeded")

            wait_until(answer, subject=f"all {RUNS} runs", seconds=seconds, interval=0.25)

    def successes(self) -> Mapping[tuple[str, str], int]:
        """How often each task instance has become a success, by run and task."""
        return {(run, task): count for run, task, count in self._query(SUCCESSES)}

    def endings(self) -> Counter[tuple[str, str, str]]:
        """How often each try of each task instance came to its end, by run, task and try."""
        parts = (path.name.split("@") for path in self.marks.iterdir())
        return Counter((run, task, attempt) for run, task, attempt, _ in parts)

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        dsn = self.environment.endpoints.database_dsn
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            ids = [key.run_id for key in self.keys]
            return connection.execute(sql, (self.plan.dag_id, ids)).fetchall()  # type: ignore[arg-type,unused-ignore]

    def expect_each_task_once(self) -> None:
        expected = {(key.run_id, step): 1 for key in self.keys for step in self.plan.steps}
        assert dict(self.successes()) == expected
        endings = self.endings()
        assert {(run, task) for run, task, _ in endings} == set(expected)
        assert [ending for ending, count in endings.items() if count > 1] == []
