"""The object behind the fixture `mwaa`: runs DAGs, and reads what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.config.toml_section import suggest
from harness.errors import HarnessError, UsageError
from harness.events import ignore_events
from harness.runner.cases import DEFAULT_TIMEOUT, Case
from harness.runner.failure_text import describe_result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from harness.runner.bench import Bench, Progress
    from harness.runner.run_state import RunState, TaskState


class Task:
    """One task of a finished run; all its instances when it is mapped."""

    def __init__(self, bench: Bench, run: RunState, task_id: str, instances: Sequence[TaskState]) -> None:
        self._bench = bench
        self._run = run
        self._instances = instances
        self.task_id = task_id

    @property
    def state(self) -> str | None:
        """Its state; of a mapped task the first instance's that did not succeed."""
        states = [instance.state for instance in self._instances]
        return next((state for state in states if state != "success"), states[0])

    @property
    def tries(self) -> int:
        """How many attempts were made; the most of any mapped instance."""
        return max(instance.tries for instance in self._instances)

    def xcom(self, key: str = "return_value") -> Any:
        """What it pushed under `key`: a list, by map index, when it is mapped; None when nothing."""
        return self._bench.read_xcom(self._run, self.task_id, key)

    def log(self) -> str:
        """What it logged, all attempts and mapped instances."""
        return "".join(self._bench.read_log(self._run, instance) for instance in self._instances)


class Run:
    """A finished run."""

    def __init__(self, bench: Bench, state: RunState) -> None:
        self._bench = bench
        self._state = state

    @property
    def dag_id(self) -> str:
        return self._state.key.dag_id

    @property
    def run_id(self) -> str:
        return self._state.key.run_id

    @property
    def state(self) -> str:
        """`success` or `failed`."""
        return self._state.state

    @property
    def task_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(task.task_id for task in self._state.tasks))

    def task(self, task_id: str) -> Task:
        """The task `task_id`.

        Raises:
            UsageError: the run has no such task.
        """
        instances = self._state.instances_of(task_id)
        if not instances:
            hint = suggest(task_id, self.task_ids)
            raise UsageError(f'{self.dag_id} has no task "{task_id}"', hint=hint)
        return Task(self._bench, self._state, task_id, instances)


class Mwaa:
    """An MWAA environment on this machine that is up and holds the project's seeds."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._count = 0

    def run_dag(
        self,
        dag_id: str,
        conf: Mapping[str, Any] | None = None,
        *,
        logical_date: datetime | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Run:
        """Run a DAG to its end.

        Raises:
            UsageError: there is no such DAG.
            HarnessError: the run could not be started, or has not ended within `timeout` seconds.
        """
        report = self._bench.parse(ignore_events)
        if report.find_dag(dag_id) is None:
            hint = suggest(dag_id, [dag.dag_id for dag in report.dags()])
            raise UsageError(f'there is no DAG "{dag_id}"', hint=hint)
        self._count += 1
        case = Case(dag_id, f"fixture {self._count}", conf or {}, logical_date, timeout)
        self._bench.submit([case])
        result = self._bench.wait(case, _ignore_progress)
        if result.run is None or not result.run.is_final:
            raise HarnessError(describe_result(result))
        return Run(self._bench, result.run)

    def client(self, service: str) -> Any:
        """A boto3 client for the environment's AWS endpoint."""
        return self._bench.client(service)

    def s3(self) -> S3Client:
        """A boto3 client for the environment's S3."""
        client: S3Client = self._bench.client("s3")
        return client

    def airflow(self, arguments: Sequence[str]) -> int:
        """Run an Airflow command inside the environment; its exit status."""
        return self._bench.airflow(arguments)


def _ignore_progress(progress: Progress) -> None:
    """Nobody watches a fixture's run."""
