"""What the pytest plugin needs of an environment; `harness.runner.local_bench` is the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.runner.run_state import RunState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.events import EventSink
    from harness.runner.cases import Case, DagTests
    from harness.runner.parse_report import ParseReport
    from harness.runner.run_state import TaskState
    from harness.runner.verdict import CaseResult


@dataclass(frozen=True)
class Progress:
    """How far the runs are: one entry per case that is not finished, in the order they were submitted."""

    finished: int
    total: int
    running: Sequence[tuple[str, RunState | None]]


class Bench(Protocol):
    """Parses DAGs, runs them and tells how it went."""

    root: Path
    dags_folder: Path

    def load_tests(self) -> DagTests:
        """The declared cases, checked against the DAGs that exist."""

    def parse(self, events: EventSink) -> ParseReport:
        """The verdict on every DAG file; made once, without a running environment."""

    def start(self, events: EventSink) -> None:
        """Have an environment running with the seeds in it. Idempotent."""

    def submit(self, cases: Sequence[Case]) -> None:
        """Let the runs of `cases` start, in order and within the limit. Cases already submitted stay."""

    def wait(self, case: Case, watch: Callable[[Progress], None]) -> CaseResult:
        """The result of a case that was submitted; `watch` is called while there is none."""

    def read_xcom(self, run: RunState, task_id: str, key: str) -> Any:
        """What a task pushed; a list when it is mapped; None when it pushed nothing."""

    def read_log(self, run: RunState, task: TaskState) -> str:
        """The log of one task instance, all its attempts."""

    def client(self, service: str) -> Any:
        """A boto3 client for the environment's AWS endpoint."""

    def airflow(self, arguments: Sequence[str]) -> int:
        """Run an Airflow command inside the environment; its exit status."""

    def close(self, events: EventSink) -> None:
        """Put back what was changed; stop the environment if this started it. Idempotent."""
