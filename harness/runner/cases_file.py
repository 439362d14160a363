"""`dag-tests.toml`: how each DAG is run and what is expected of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timezone
from typing import TYPE_CHECKING

from harness.config.toml_section import open_section, suggest
from harness.runner.cases import (
    DEFAULT_TIMEOUT,
    Case,
    DagTests,
    Expectation,
    ExpectedObject,
    RunOutcome,
    Start,
)

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config.toml_section import Section

_TASK_STATES = ("success", "failed", "skipped", "upstream_failed", "removed")


def load_dag_tests(path: Path, timeout: float = DEFAULT_TIMEOUT) -> DagTests:
    """The cases declared in the TOML file at `path`; none when there is no such file.

    Args:
        path: the file.
        timeout: seconds for a run where the file says nothing.

    Raises:
        UsageError: the file is not TOML.
        CollectedError: keys are unknown or of the wrong type; all of them are listed.
    """
    top = open_section(path)
    defaults = top.child("defaults")
    timeout = defaults.read("timeout", float, timeout)
    defaults.finish()
    sections = top.children("dags")
    declared = {dag_id: _cases(dag_id, section, timeout) for dag_id, section in sections}
    top.finish()
    top.document.raise_errors()
    locations = {dag_id: top.document.locate(section.keys) for dag_id, section in sections}
    return DagTests(declared, locations, timeout)


def _cases(dag_id: str, section: Section, timeout: float) -> tuple[Case, ...]:
    base = _case(section, Case(dag_id, timeout=timeout))
    entries = section.entries("cases")
    section.finish()
    cases = tuple(_named_case(entry, base) for entry in entries)
    names = [case.name for case in cases]
    for entry, name in zip(entries, names, strict=True):
        if names.count(name) > 1:
            entry.complain("name", f'two cases of {dag_id} are named "{name}"')
    return cases or (base,)


def _named_case(entry: Section, base: Case) -> Case:
    name = entry.required("name")
    case = replace(_case(entry, base), name=name)
    entry.finish()
    return case


def _case(section: Section, base: Case) -> Case:
    """What `section` says, on top of `base`."""
    return replace(
        base,
        conf=section.read("conf", dict, dict(base.conf)),
        logical_date=_moment(section, "logical_date") or base.logical_date,
        timeout=section.read("timeout", float, base.timeout),
        skip=section.read("skip", str, base.skip or "") or None,
        start=Start(section.choice("start", [start.value for start in Start], base.start.value)),
        expect=_expectation(section.child("expect"), base.expect),
        location=section.document.locate(section.keys),
    )


def _expectation(section: Section, base: Expectation) -> Expectation:
    outcomes = [outcome.value for outcome in RunOutcome]
    states = section.read("task_states", dict, dict(base.task_states))
    for task_id, state in states.items():
        if state not in _TASK_STATES:
            section.child("task_states").complain(
                task_id, f'"{state}" is not the final state of a task', hint=suggest(str(state), _TASK_STATES)
            )
    expectation = Expectation(
        state=RunOutcome(section.choice("state", outcomes, base.state.value)),
        failed_tasks=section.strings("failed_tasks")
        if "failed_tasks" in section.table
        else base.failed_tasks,
        task_states=states,
        xcoms=section.read("xcoms", dict, dict(base.xcoms)),
        logs=section.read("logs", dict, dict(base.logs)),
        objects=tuple(_object(entry) for entry in section.entries("s3")) or base.objects,
    )
    section.finish()
    return expectation


def _object(entry: Section) -> ExpectedObject:
    expected = ExpectedObject(
        entry.required("bucket"), entry.required("key"), entry.read("contains", str, "") or None
    )
    entry.finish()
    return expected


def _moment(section: Section, name: str) -> datetime | None:
    """A TOML date or date-time, or ISO 8601 text; without an offset it is UTC."""
    value = section.anything(name)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            section.complain(
                name, f'{name} is not a date: "{value}"', hint="Write e.g. 2024-05-31T00:00:00Z."
            )
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=timezone.utc)
    if value is not None:
        section.complain(
            name, f"{name} must be a date, not {value!r}", hint="Write e.g. 2024-05-31T00:00:00Z."
        )
    return None
