"""SIGKILL for each service in turn while thirty runs are in flight.

No run is lost or stuck: every run ends in success within `BOUND` seconds of the kill, and no task instance
succeeds twice. The bound holds with the settings of `tests.environments` (a lost task or scheduler is noticed
after 20 s instead of Airflow's 300 and 30 s); docs/differences.md says where MWAA behaves otherwise.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pytest

from harness.runner.run_state import RunKey
from harness.waiting import NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

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

    def __init__(self, environment: CommandProject, plan: Plan, marks: Path) -> None:
        self.environment = environment
        self.plan = plan
        self.keys = [RunKey(plan.dag_id, f"{time.time():.0f}-{number:02}") for number in range(RUNS)]
        self.marks = marks
        self.marks.mkdir()

    def start(self, **conf: Any) -> None:
        """Queue all runs, then let the scheduler have them at once."""
        environment, dag_id = self.environment, self.plan.dag_id
        given = {"marks": str(self.marks), **conf}
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
        dsn = self.environment.known().endpoints.database_dsn
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            ids = [key.run_id for key in self.keys]
            return connection.execute(sql, (self.plan.dag_id, ids)).fetchall()  # type: ignore[arg-type,unused-ignore]

    def expect_each_task_once(self) -> None:
        expected = {(key.run_id, step): 1 for key in self.keys for step in self.plan.steps}
        assert dict(self.successes()) == expected
        endings = self.endings()
        assert {(run, task) for run, task, _ in endings} == set(expected)
        assert [ending for ending, count in endings.items() if count > 1] == []


def kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def process_of(environment: CommandProject, service: str) -> psutil.Process:
    return psutil.Process(environment.pids()[service])


def with_children(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def expect_restarted(environment: CommandProject, service: str, before: int) -> None:
    """`status` shows that the service was started anew, how it ended, and that it is ready."""
    after = environment.await_ready(60)[service]
    assert after["restarts"] > before
    assert "KILL" in str(after["last_exit"])


@pytest.mark.parametrize(
    "service", ["scheduler", "worker", "webserver", "triggerer", "controlplane", "localstack", "postgres"]
)
def test_no_run_is_lost_when_a_service_is_killed(
    service: str, shared_environment: CommandProject, tmp_path: Path
) -> None:
    restarts = shared_environment.services()[service]["restarts"]
    victim = process_of(shared_environment, service)
    flight = Flight(shared_environment, CHAIN if service == "scheduler" else ONE_STEP, tmp_path / "marks")
    if service == "triggerer":
        flight.start(deferred_seconds=8)
        flight.await_middle(busy="deferred", successes=0)
    else:
        flight.start()
        flight.await_middle()

    kill([victim])

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    expect_restarted(shared_environment, service, restarts)


def test_no_run_is_lost_when_a_worker_dies_with_its_tasks(
    shared_environment: CommandProject, tmp_path: Path
) -> None:
    """As when the machine under the worker is lost: what it was running ran to no end."""
    restarts = shared_environment.services()["worker"]["restarts"]
    worker = process_of(shared_environment, "worker")
    flight = Flight(shared_environment, ONE_STEP, tmp_path / "marks")
    flight.start()
    flight.await_middle()

    kill(with_children(worker))

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    expect_restarted(shared_environment, "worker", restarts)


def test_no_run_is_lost_when_postgres_is_restarted(
    shared_environment: CommandProject, tmp_path: Path
) -> None:
    flight = Flight(shared_environment, CHAIN, tmp_path / "marks")
    flight.start()
    flight.await_middle()

    shared_environment.succeed("restart", "postgres")

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    shared_environment.await_ready(60)
