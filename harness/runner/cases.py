"""What is run and what is expected of it: the cases of each DAG, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from harness.errors import Location

DEFAULT_TIMEOUT = 300.0


class Start(Enum):
    """What creates a case's run: a trigger of ours, or an update of a dataset the DAG consumes."""

    TRIGGER = "trigger"
    DATASET = "dataset"


class RunOutcome(Enum):
    """How a run may end."""

    SUCCESS = "success"
    FAILED = "failed"


@dataclass(frozen=True)
class ExpectedObject:
    """An object that must be on the local S3 after the run."""

    bucket: str
    key: str
    contains: str | None = None


@dataclass(frozen=True)
class Expectation:
    """What must hold after the run; what is not named here is not looked at.

    Attributes:
        state: how the run must end.
        failed_tasks: exactly these tasks failed; None allows any.
        task_states: the states of some tasks.
        xcoms: by "task_id" (its return value) or "task_id.key"; a list for a mapped task.
        logs: a text that must be in the log of a task.
        objects: objects that must be there.
    """

    state: RunOutcome = RunOutcome.SUCCESS
    failed_tasks: tuple[str, ...] | None = None
    task_states: Mapping[str, str] = field(default_factory=dict)
    xcoms: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    objects: tuple[ExpectedObject, ...] = ()


@dataclass(frozen=True)
class Case:
    """One run of one DAG. `name` tells the cases of a DAG apart; it is empty when there is only one."""

    dag_id: str
    name: str = ""
    conf: Mapping[str, Any] = field(default_factory=dict)
    logical_date: datetime | None = None
    timeout: float = DEFAULT_TIMEOUT
    skip: str | None = None
    start: Start = Start.TRIGGER
    expect: Expectation = Expectation()
    location: Location | None = None

    @property
    def label(self) -> str:
        return f"{self.dag_id}[{self.name}]" if self.name else self.dag_id


@dataclass(frozen=True)
class DagTests:
    """The declared cases by DAG id; a DAG that declares none is run once and must succeed."""

    declared: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict)
    timeout: float = DEFAULT_TIMEOUT

    def cases_of(self, dag_id: str) -> tuple[Case, ...]:
        return self.declared.get(dag_id) or (Case(dag_id, timeout=self.timeout),)
