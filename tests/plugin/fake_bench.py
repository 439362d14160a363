"""A bench without an environment: the report and the runs' outcomes are given, everything else is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.events import StepFinished
from harness.runner.bench import Progress
from harness.runner.case_checks import check_cases
from harness.runner.cases_file import load_dag_tests
from harness.runner.parse_report import ParsedDag, ParsedFile, ParseError, ParseReport
from harness.runner.run_state import RunKey, RunState, TaskState
from harness.runner.verdict import NOT_PUSHED, CaseResult, Facts, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.events import EventSink
    from harness.runner.cases import Case, DagTests


@dataclass
class FakeBench:
    """Every run ends as `states` says by DAG id, with one task; what was called is in `calls`."""

    root: Path
    files: Mapping[str, Sequence[str]]
    errors: Mapping[str, Sequence[ParseError]] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    xcoms: Mapping[str, Any] = field(default_factory=dict)
    start_error: HarnessError | None = None
    calls: list[str] = field(default_factory=list)

    @property
    def dags_folder(self) -> Path:
        return self.root / "dags"

    def load_tests(self) -> DagTests:
        tests = load_dag_tests(self.root / "dag-tests.toml")
        check_cases(tests, self._report())
        return tests

    def parse(self, events: EventSink) -> ParseReport:
        events(StepFinished("worker environment", "ready"))
        return self._report()

    def start(self, events: EventSink) -> None:
        if self.start_error is not None:
            raise self.start_error
        if "start" not in self.calls:
            self.calls.append("start")
            events(StepFinished("environment", "ready"))

    def submit(self, cases: Sequence[Case]) -> None:
        self.calls += [f"submit {case.label}" for case in cases if f"submit {case.label}" not in self.calls]

    def wait(self, case: Case, watch: Callable[[Progress], None]) -> CaseResult:
        self.calls.append(f"wait {case.label}")
        state = self.states.get(case.dag_id, "success")
        run = RunState(RunKey(case.dag_id, "test__1"), state, (TaskState("only", -1, state, 1),))
        watch(Progress(0, 1, [(case.label, run)]))
        facts = Facts(lambda task, _: self.xcoms.get(task, NOT_PUSHED), lambda _: "", lambda *_: None)
        problems = judge(case, run, facts)
        logs = {"only": ("first line", "it went wrong here")} if problems else {}
        return CaseResult(case, run, problems, logs, 1.25)

    def read_xcom(self, _run: RunState, task_id: str, key: str) -> Any:
        return self.xcoms.get(task_id if key == "return_value" else f"{task_id}.{key}")

    def read_log(self, run: RunState, task: TaskState) -> str:
        return f"log of {run.key.dag_id}.{task.label}\n"

    def client(self, service: str) -> Any:
        return f"client of {service}"

    def airflow(self, arguments: Sequence[str]) -> int:
        return len(arguments)

    def close(self, events: EventSink) -> None:
        self.calls.append("close")
        (self.root / "calls.txt").write_text("\n".join(self.calls), encoding="utf-8")
        events(StepFinished("environment", "stopped"))

    def _report(self) -> ParseReport:
        return ParseReport(
            tuple(
                ParsedFile(
                    self.dags_folder / name,
                    tuple(ParsedDag(dag_id, ("only",), (), (), {}) for dag_id in dag_ids),
                    tuple(self.errors.get(name, ())),
                )
                for name, dag_ids in self.files.items()
            )
        )
