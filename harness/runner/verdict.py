"""Compares a finished run with what its case expects. Pure: facts in, problems out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.runner.cases import Case
from harness.runner.run_state import RunState, describe_tasks

if TYPE_CHECKING:
    from harness.runner.cases import ExpectedObject
    from harness.runner.run_state import TaskState

_SHOWN = 300


class NotPushed:
    """Stands for an XCom that is not there, which is not the same as null."""

    def __repr__(self) -> str:
        return "nothing"


NOT_PUSHED = NotPushed()


@dataclass(frozen=True)
class Facts:
    """Where the facts about one run come from.

    Attributes:
        xcom: the value that a task pushed under a key; a list of values when the task is mapped.
        log: the whole log of a task, all its instances and tries.
        body: an object's bytes; None when it is not there.
    """

    xcom: Callable[[str, str], Any]
    log: Callable[[str], str]
    body: Callable[[str, str], bytes | None]


@dataclass(frozen=True)
class CaseResult:
    """How a case went. It passed when there are no problems."""

    case: Case
    run: RunState | None
    problems: tuple[str, ...]
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def is_passed(self) -> bool:
        return not self.problems


def judge(case: Case, run: RunState, facts: Facts) -> tuple[str, ...]:
    """Every way in which the finished `run` is not what `case` expects."""
    problems = list(_judge_states(case, run))
    if problems and run.state != case.expect.state.value:
        return tuple(problems)  # what the run did not come to is noise beside the reason
    problems += _judge_xcoms(case.expect.xcoms, run, facts)
    problems += _judge_logs(case.expect.logs, facts)
    problems += [problem for each in case.expect.objects if (problem := _judge_object(each, facts))]
    return tuple(problems)


def split_xcom_name(name: str, task_ids: frozenset[str]) -> tuple[str, str]:
    """Task id and key of "task_id" or "task_id.key"; ids of tasks in groups have dots of their own."""
    if name in task_ids or "." not in name:
        return name, "return_value"
    task_id, _, key = name.rpartition(".")
    return task_id, key


def _judge_states(case: Case, run: RunState) -> list[str]:
    expect = case.expect
    problems = []
    if run.state != expect.state.value:
        problems.append(
            f"the run ended in {run.state}, expected {expect.state.value}: {describe_tasks(run.tasks)}"
        )
    failed = sorted({task.task_id for task in run.failed_tasks()})
    if expect.failed_tasks is not None and failed != sorted(expect.failed_tasks):
        problems.append(f"failed tasks: {_names(failed)}, expected {_names(sorted(expect.failed_tasks))}")
    for task_id, state in expect.task_states.items():
        found = sorted({task.state or "none" for task in run.instances_of(task_id)})
        if found != [state]:
            problems.append(f"task {task_id}: {_names(found) if found else 'no such task'}, expected {state}")
    return problems


def _judge_xcoms(expected: Mapping[str, Any], run: RunState, facts: Facts) -> list[str]:
    task_ids = frozenset(task.task_id for task in run.tasks)
    problems = []
    for name, value in expected.items():
        task_id, key = split_xcom_name(name, task_ids)
        if task_id not in task_ids:
            problems.append(f"XCom {name}: no such task; the run has {_names(sorted(task_ids))}")
            continue
        found = facts.xcom(task_id, key)
        if found != value:
            problems.append(f"XCom {name}: {_shown(found)}, expected {_shown(value)}")
    return problems


def _judge_logs(expected: Mapping[str, str], facts: Facts) -> list[str]:
    return [
        f"log of {task_id}: does not contain {text!r}"
        for task_id, text in expected.items()
        if text not in facts.log(task_id)
    ]


def _judge_object(expected: ExpectedObject, facts: Facts) -> str | None:
    body = facts.body(expected.bucket, expected.key)
    name = f"s3://{expected.bucket}/{expected.key}"
    if body is None:
        return f"{name}: is not there"
    if expected.contains is not None and expected.contains.encode() not in body:
        return f"{name}: does not contain {expected.contains!r}; it begins with {_shown(body[:_SHOWN])}"
    return None


def tasks_worth_reading(run: RunState) -> tuple[TaskState, ...]:
    """The task instances whose logs explain a failed run."""
    return run.failed_tasks() or tuple(
        task for task in run.tasks if task.state in {"up_for_retry", "running"}
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


def _shown(value: Any) -> str:
    if isinstance(value, NotPushed):
        return "nothing was pushed"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
