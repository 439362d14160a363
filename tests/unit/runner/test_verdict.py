from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.runner.cases import Case, Expectation, ExpectedObject, RunOutcome
from harness.runner.run_state import RunKey, RunState, TaskState, describe_tasks
from harness.runner.verdict import NOT_PUSHED, Facts, judge, split_xcom_name, tasks_worth_reading

if TYPE_CHECKING:
    from collections.abc import Mapping


def _facts(
    xcoms: Mapping[tuple[str, str], Any] | None = None, objects: Mapping[tuple[str, str], bytes] | None = None
) -> Facts:
    return Facts(
        xcom=lambda task, key: (xcoms or {}).get((task, key), NOT_PUSHED),
        log=lambda task: f"the log of {task}",
        body=lambda bucket, key: (objects or {}).get((bucket, key)),
    )


def _run(state: str, **tasks: str) -> RunState:
    instances = tuple(TaskState(task, -1, each, 1) for task, each in tasks.items())
    return RunState(RunKey("etl", "test__1"), state, instances)


def _judge(expect: Expectation, run: RunState, facts: Facts | None = None) -> tuple[str, ...]:
    return judge(Case("etl", expect=expect), run, facts or _facts())


def test_a_run_that_does_as_expected_has_no_problems() -> None:
    expect = Expectation(
        xcoms={"load": 15, "load.rows": [1]},
        logs={"load": "log of load"},
        task_states={"load": "success"},
        objects=(ExpectedObject("b", "k", "to"),),
    )
    facts = _facts({("load", "return_value"): 15, ("load", "rows"): [1]}, {("b", "k"): b"total"})
    assert _judge(expect, _run("success", load="success"), facts) == ()


def test_a_failed_run_tells_its_task_states_and_nothing_that_follows_from_them() -> None:
    (problem,) = _judge(
        Expectation(xcoms={"load": 1}), _run("failed", load="failed", report="upstream_failed")
    )
    assert problem == "the run ended in failed, expected success: load failed, report upstream_failed"


def test_an_expected_failure_is_no_problem() -> None:
    expect = Expectation(RunOutcome.FAILED, failed_tasks=("load",))
    assert _judge(expect, _run("failed", load="failed")) == ()


def test_a_failure_of_another_task_is_not_the_expected_one() -> None:
    expect = Expectation(RunOutcome.FAILED, failed_tasks=("load",))
    assert _judge(expect, _run("failed", extract="failed", load="upstream_failed")) == (
        "failed tasks: extract, expected load",
    )


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        (Expectation(xcoms={"load": 16}), "XCom load: 15, expected 16"),
        (Expectation(xcoms={"load": "15"}), 'XCom load: 15, expected "15"'),
        (Expectation(xcoms={"load.rows": 1}), "XCom load.rows: nothing was pushed, expected 1"),
        (Expectation(xcoms={"laod": 1}), "XCom laod: no such task; the run has load"),
        (Expectation(logs={"load": "absent"}), "log of load: does not contain 'absent'"),
        (Expectation(task_states={"load": "skipped"}), "task load: success, expected skipped"),
        (Expectation(task_states={"x": "skipped"}), "task x: no such task, expected skipped"),
        (Expectation(objects=(ExpectedObject("b", "k"),)), "s3://b/k: is not there"),
    ],
)
def test_what_is_not_as_expected_is_said(expect: Expectation, problem: str) -> None:
    assert _judge(expect, _run("success", load="success"), _facts({("load", "return_value"): 15})) == (
        problem,
    )


def test_an_object_with_other_content_is_shown() -> None:
    expect = Expectation(objects=(ExpectedObject("b", "k", "total"),))
    (problem,) = _judge(expect, _run("success", load="success"), _facts(objects={("b", "k"): b"empty"}))
    assert problem == "s3://b/k: does not contain 'total'; it begins with b'empty'"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("load", ("load", "return_value")),
        ("load.rows", ("load", "rows")),
        ("group.load", ("group.load", "return_value")),
        ("group.load.rows", ("group.load", "rows")),
    ],
)
def test_an_xcom_is_named_by_task_and_key(name: str, parts: tuple[str, str]) -> None:
    assert split_xcom_name(name, frozenset({"load", "group.load"})) == parts


def test_mapped_tasks_are_counted_together() -> None:
    tasks = [TaskState("square", n, "success" if n else "running") for n in range(4)]
    assert (
        describe_tasks([*tasks, TaskState("sum", -1, None)])
        == "square running, square success x3, sum waiting"
    )


def test_only_failed_tasks_explain_a_failure() -> None:
    run = _run("failed", load="failed", report="upstream_failed", extract="success")
    assert [task.task_id for task in tasks_worth_reading(run)] == ["load"]
