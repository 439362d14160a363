"""The real bench: the project's own environment on this machine."""

from __future__ import annotations

import contextlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.project.seeds import load_seeds
from harness.runner.airflow_api import AirflowApi
from harness.runner.arrival import Arrival
from harness.runner.bench import Progress
from harness.runner.case_checks import check_cases
from harness.runner.cases import DEFAULT_TIMEOUT
from harness.runner.cases_file import load_dag_tests
from harness.runner.driver import ARRIVAL_SECONDS, RunDriver, make_tickets
from harness.runner.launching import RUN_PREFIX, Launcher
from harness.runner.lease import Lease
from harness.runner.local_aws import LocalAws
from harness.runner.metadata import MetadataReader
from harness.runner.parsing import parse_working_tree
from harness.runner.seeding import apply_seeds
from harness.runner.task_logs import read_attempts, read_last_lines
from harness.runner.verdict import CaseResult, Facts, NotPushed, judge, tasks_worth_reading
from harness.waiting import DeadlineError, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.events import EventSink
    from harness.local_environment import LocalEnvironment
    from harness.project.seeds import Seeds
    from harness.runner.cases import Case, DagTests
    from harness.runner.driver import RunTicket
    from harness.runner.parse_report import ParseReport
    from harness.runner.run_state import RunState, TaskState

DEFAULT_CONCURRENCY = 10
_SYNCS_TO_ARRIVE = 12  # at MWAA's pace of 30 s a new file is listed after up to 300 s, then parsed
_LOG_LINES = 60
_SERVICE_LINES = 5
_RESTORE_SECONDS = 10.0
_WATCH_INTERVAL = 0.25


class Afterwards(Enum):
    """What becomes of an environment that the tests have started."""

    STOP = "stop"
    KEEP = "keep"


@dataclass(frozen=True)
class BenchOptions:
    """How a session runs DAGs.

    Attributes:
        concurrency: how many runs may be under way at once.
        timeout: seconds for a run where dag-tests.toml says nothing.
        afterwards: what becomes of an environment that the session started.
    """

    concurrency: int = DEFAULT_CONCURRENCY
    timeout: float = DEFAULT_TIMEOUT
    afterwards: Afterwards = Afterwards.STOP


class LocalBench:
    """Parses the working tree, and runs its DAGs on the environment that `local` stands for.

    Args:
        local: the project's environment, running or not.
        options: how.
    """

    def __init__(self, local: LocalEnvironment, options: BenchOptions) -> None:
        self.root = local.project.root
        self.dags_folder = local.project.dags_folder
        self._local = local
        self._options = options
        self._lease = Lease(local.project.state.root)
        self._session = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}{secrets.token_hex(2)}"
        self._counter = 0
        self._report: ParseReport | None = None
        self._tests: DagTests | None = None
        self._seeds: Seeds | None = None
        self._tickets: dict[str, RunTicket] = {}
        self._running: _Connections | None = None
        self._lock = threading.Lock()

    def load_tests(self) -> DagTests:
        if self._tests is None:
            self._tests = load_dag_tests(self._local.project.tests_file, self._options.timeout)
        if self._report is not None:
            check_cases(self._tests, self._report)
        return self._tests

    def parse(self, events: EventSink) -> ParseReport:
        if self._report is None:
            environment = self._local.ensure_worker_environment(events)
            backend = self._local.backend
            self._report = parse_working_tree(
                project=self._local.project,
                settings=self._local.settings,
                environ=self._local.environ,
                worker_environment=environment.path,
                endpoints=backend.endpoints() if backend.is_up() else None,
                seeds=self._load_seeds(),
            )
        return self._report

    def start(self, events: EventSink) -> None:
        if self._running is None:
            report = self.parse(events)
            seeds = self._load_seeds()
            try:
                self._lease.acquire(lambda: self._bring_up(events), lambda: self._apply(seeds))
                self._running = _Connections(self._local, report, self._lease, self._options.concurrency)
            except BaseException:
                self._lease.release(lambda _: None, lambda: self._stop(events))
                raise

    def submit(self, cases: Sequence[Case]) -> None:
        connections = self._connections()
        with self._lock:
            new = [case for case in cases if case.label not in self._tickets]
            tickets, extra = make_tickets(new, name_run=self._name_run, producers=self._producers_of)
            self._tickets.update({ticket.case.label: ticket for ticket in tickets})
        connections.driver.submit([*extra, *tickets])

    def wait(self, case: Case, watch: Callable[[Progress], None]) -> CaseResult:
        ticket = self._tickets[case.label]
        while not ticket.done.wait(_WATCH_INTERVAL):
            watch(self._progress())
        if ticket.state is None or ticket.problem is not None:
            problem = ticket.problem or "there is no run"
            return CaseResult(case, ticket.state, (problem,), self._explain(ticket.state), ticket.seconds)
        problems = judge(case, ticket.state, self._facts(ticket.state))
        logs = self._explain(ticket.state) if problems else {}
        return CaseResult(case, ticket.state, problems, logs, ticket.seconds)

    def read_xcom(self, run: RunState, task_id: str, key: str) -> Any:
        value = self._connections().reader.xcom(run.key, task_id, key)
        return None if isinstance(value, NotPushed) else value

    def read_log(self, run: RunState, task: TaskState) -> str:
        return read_attempts(self._log_folder, run.key, task)

    def client(self, service: str) -> Any:
        return self._connections().aws.client(service)

    def airflow(self, arguments: Sequence[str]) -> int:
        self._connections()
        return self._local.backend.airflow(arguments)

    def close(self, events: EventSink) -> None:
        if self._running is None:
            return
        connections, self._running = self._running, None
        connections.driver.close()
        try:
            self._lease.release(connections.restore_pauses, lambda: self._stop(events))
        finally:
            connections.close()

    def _load_seeds(self) -> Seeds:
        if self._seeds is None:
            self._seeds = load_seeds(self._local.project.seeds_file)
        return self._seeds

    def _bring_up(self, events: EventSink) -> bool:
        """Start the environment, or bring a running one up to date; whether it was down."""
        was_up = self._local.backend.is_up()
        self._local.backend.up(events)
        return not was_up

    def _stop(self, events: EventSink) -> None:
        if self._options.afterwards is Afterwards.STOP:
            self._local.backend.down(events)

    def _apply(self, seeds: Seeds) -> None:
        endpoints = self._local.backend.endpoints()
        api = AirflowApi(endpoints)
        try:
            apply_seeds(seeds, api, LocalAws(endpoints.aws_endpoint_url, self._local.settings.local))
        finally:
            api.close()

    def _connections(self) -> _Connections:
        if self._running is None:
            raise UsageError("the environment has not been started")
        return self._running

    def _name_run(self, case: Case) -> str:
        self._counter += 1
        name = "".join(letter if letter.isalnum() else "_" for letter in case.name) or "run"
        return f"{RUN_PREFIX}{self._session}__{self._counter}_{name}"

    def _producers_of(self, dag_id: str) -> list[Case]:
        report, tests = self._report, self.load_tests()
        dag = report.find_dag(dag_id) if report else None
        producers = report.producers_of(dag) if report and dag else ()
        return [tests.cases_of(producer.dag_id)[0] for producer in producers]

    def _progress(self) -> Progress:
        tickets = list(self._tickets.values())
        pending = [ticket for ticket in tickets if not ticket.done.is_set()]
        return Progress(
            len(tickets) - len(pending),
            len(tickets),
            [(ticket.case.label, ticket.state) for ticket in pending],
        )

    def _facts(self, run: RunState) -> Facts:
        connections = self._connections()

        def read_log(task_id: str) -> str:
            return "".join(
                read_attempts(self._log_folder, run.key, task) for task in run.instances_of(task_id)
            )

        return Facts(
            xcom=lambda task_id, key: connections.reader.xcom(run.key, task_id, key),
            log=read_log,
            body=connections.aws.read_object,
        )

    def _explain(self, run: RunState | None) -> dict[str, tuple[str, ...]]:
        if run is None:
            return {}
        logs = {}
        for task in tasks_worth_reading(run):
            lines = read_last_lines(self._log_folder, run.key, task, _LOG_LINES)
            logs[task.label] = lines or self._read_services(run.key.run_id, task.task_id)
        return logs

    def _read_services(self, run_id: str, task_id: str) -> tuple[str, ...]:
        """What the services said about a task that never came to write a log."""
        lines = self._local.backend.logs([], None)
        told = [
            f"{line.service}: {line.text}" for line in lines if run_id in line.text and task_id in line.text
        ]
        return tuple(line for line in told if "ERROR" in line)[-_SERVICE_LINES:]

    @property
    def _log_folder(self) -> Path:
        return self._local.backend.task_logs


class _Connections:
    """What is open while the environment is in use."""

    def __init__(self, local: LocalEnvironment, report: ParseReport, lease: Lease, concurrency: int) -> None:
        endpoints = local.backend.endpoints()
        self.api = AirflowApi(endpoints)
        self.reader = MetadataReader(endpoints.database_dsn)
        self.aws = LocalAws(endpoints.aws_endpoint_url, local.settings.local)
        self._local = local
        self.driver = RunDriver(
            writer=Launcher(self.api, self.reader.run_at, lease.note_unpaused),
            reader=self.reader,
            dags=Arrival(self.reader, report, local.backend.dags_arrived),
            concurrency=concurrency,
            arrival_seconds=ARRIVAL_SECONDS + _SYNCS_TO_ARRIVE * local.settings.local.sync_interval,
        )

    def restore_pauses(self, dag_ids: list[str]) -> None:
        """Pause what was paused, once runs that unpausing has created had a chance to end."""
        if not dag_ids:
            return

        def probe() -> Ready | NotYet:
            active = self.reader.count_active_runs(dag_ids)
            return NotYet(f"{active} runs are active") if active else Ready("no run is active")

        with contextlib.suppress(DeadlineError):  # such a run stays where it is, as after pausing in the UI
            wait_until(probe, subject="the DAGs", seconds=_RESTORE_SECONDS)
        for dag_id in dag_ids:
            self.api.pause(dag_id)

    def close(self) -> None:
        self.api.close()
        self.reader.close()
