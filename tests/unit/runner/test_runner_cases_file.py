from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from harness.errors import CollectedError, UsageError
from harness.runner.cases import ExpectedObject, RunOutcome, Start
from harness.runner.cases_file import load_dag_tests

if TYPE_CHECKING:
    from pathlib import Path

    from harness.runner.cases import DagTests


def _load(folder: Path, text: str) -> DagTests:
    path = folder / "dag-tests.toml"
    path.write_text(text, encoding="utf-8")
    return load_dag_tests(path)


def test_without_a_file_every_dag_is_run_once_and_must_succeed(tmp_path: Path) -> None:
    tests = load_dag_tests(tmp_path / "absent.toml", timeout=7)
    (case,) = tests.cases_of("anything")
    assert case.label == "anything"
    assert case.expect.state is RunOutcome.SUCCESS
    assert case.timeout == 7


def test_a_case_says_everything(tmp_path: Path) -> None:
    tests = _load(
        tmp_path,
        """
[dags.etl]
conf = { day = "monday" }
logical_date = 2024-05-31T10:00:00
timeout = 30
skip = "no warehouse"
start = "dataset"

[dags.etl.expect]
state = "failed"
failed_tasks = ["load"]
task_states = { report = "upstream_failed" }
xcoms = { count = 3, "group.count.rows" = [1, 2] }
logs = { load = "no rows" }
s3 = [{ bucket = "b", key = "k", contains = "x" }, { bucket = "b", key = "l" }]
""",
    )
    (case,) = tests.cases_of("etl")
    assert case.conf == {"day": "monday"}
    assert case.logical_date == datetime(2024, 5, 31, 10, tzinfo=timezone.utc)
    assert case.timeout == 30
    assert case.skip == "no warehouse"
    assert case.start is Start.DATASET
    assert case.expect.state is RunOutcome.FAILED
    assert case.expect.failed_tasks == ("load",)
    assert case.expect.task_states == {"report": "upstream_failed"}
    assert case.expect.xcoms == {"count": 3, "group.count.rows": [1, 2]}
    assert case.expect.logs == {"load": "no rows"}
    assert case.expect.objects == (ExpectedObject("b", "k", "x"), ExpectedObject("b", "l"))


def test_cases_start_from_what_the_dag_says(tmp_path: Path) -> None:
    tests = _load(
        tmp_path,
        """
[dags.etl]
timeout = 9
expect.xcoms = { a = 1 }
[[dags.etl.cases]]
name = "small"
[[dags.etl.cases]]
name = "large"
timeout = 90
expect.xcoms = { a = 2 }
""",
    )
    small, large = tests.cases_of("etl")
    assert (small.label, small.timeout, small.expect.xcoms) == ("etl[small]", 9, {"a": 1})
    assert (large.label, large.timeout, large.expect.xcoms) == ("etl[large]", 90, {"a": 2})


@pytest.mark.parametrize(
    "written", ["2024-05-31", '"2024-05-31"', "2024-05-31T00:00:00Z", '"2024-05-31T00:00+00:00"']
)
def test_a_logical_date_may_be_written_in_any_usual_way(tmp_path: Path, written: str) -> None:
    (case,) = _load(tmp_path, f"[dags.etl]\nlogical_date = {written}\n").cases_of("etl")
    assert case.logical_date == datetime(2024, 5, 31, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("[dags.etl]\ntimout = 3\n", 2, 'unknown key "timout" in [dags.etl]', 'Did you mean "timeout"?'),
        ("[dag.etl]\n", 1, 'unknown key "dag" in the file', 'Did you mean "dags"?'),
        (
            "[dags.etl.expect]\nxcom = 1\n",
            2,
            'unknown key "xcom" in [dags.etl.expect]',
            'Did you mean "xcoms"?',
        ),
        ("[dags.etl]\ntimeout = 'long'\n", 2, "timeout must be a number, not 'long'", None),
        ("[dags.etl]\nconf = 3\n", 2, "conf must be a table, not 3", None),
        (
            "[dags.etl.expect]\nstate = 'broken'\n",
            2,
            'state cannot be "broken"',
            'Write one of "success", "failed".',
        ),
        (
            "[dags.etl.expect]\ntask_states = { a = 'skiped' }\n",
            2,
            '"skiped" is not the final state of a task',
            'Did you mean "skipped"?',
        ),
        ("[dags.etl.expect]\nfailed_tasks = 'load'\n", 2, "failed_tasks must be a list of strings", None),
        ("[[dags.etl.cases]]\ntimeout = 3\n", 1, "[dags.etl.cases] needs the key name", None),
        (
            "[[dags.etl.cases]]\nname = 'a'\n[[dags.etl.cases]]\nname = 'a'\n",
            2,
            'two cases of etl are named "a"',
            None,
        ),
        (
            "[dags.etl]\nlogical_date = 'monday'\n",
            2,
            'logical_date is not a date: "monday"',
            "Write e.g. 2024-05-31T00:00:00Z.",
        ),
        ("[[dags.etl.expect.s3]]\nkey = 'k'\n", 1, "[dags.etl.expect.s3] needs the key bucket", None),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_the_fix(
    tmp_path: Path,
    text: str,
    line: int,
    message: str,
    hint: str | None,
) -> None:
    with pytest.raises(CollectedError) as caught:
        _load(tmp_path, text)
    error = caught.value.errors[0]
    assert error.location is not None
    assert (error.location.line, error.message, error.hint) == (line, message, hint)


def test_one_mistake_does_not_hide_the_others(tmp_path: Path) -> None:
    with pytest.raises(CollectedError) as caught:
        _load(tmp_path, "[dags.a]\ntimout = 1\n[dags.b]\nkonf = {}\n[dags.b.expect]\nstate = 1\n")
    assert [error.location.line for error in caught.value.errors if error.location] == [2, 6, 4]


def test_what_is_not_toml_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not valid TOML") as caught:
        _load(tmp_path, "[dags.etl]\nconf = {\n")
    assert caught.value.location is not None
    assert caught.value.location.line is not None
