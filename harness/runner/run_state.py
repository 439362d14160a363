"""Runs and their task instances as the metadata database has them, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FINAL_RUN_STATES = frozenset({"success", "failed"})


@dataclass(frozen=True, order=True)
class RunKey:
    """What names a run."""

    dag_id: str
    run_id: str


@dataclass(frozen=True)
class TaskState:
    """One task instance; `map_index` is -1 unless it is mapped. `tries` counts the attempts so far."""

    task_id: str
    map_index: int
    state: str | None
    tries: int = 0

    @property
    def label(self) -> str:
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"


@dataclass(frozen=True)
class RunState:
    """One run with its task instances."""

    key: RunKey
    state: str
    tasks: tuple[TaskState, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_RUN_STATES

    def instances_of(self, task_id: str) -> tuple[TaskState, ...]:
        """The task instances of one task, by map index; a task that was mapped over nothing has -1."""
        return tuple(task for task in self.tasks if task.task_id == task_id)

    def failed_tasks(self) -> tuple[TaskState, ...]:
        return tuple(task for task in self.tasks if task.state == "failed")


def describe_tasks(tasks: Iterable[TaskState]) -> str:
    """One line: each task instance with its state; mapped ones of equal state counted together."""
    counts: dict[tuple[str, str], int] = {}
    for task in tasks:
        key = (task.task_id, task.state or "waiting")
        counts[key] = counts.get(key, 0) + 1
    return ", ".join(
        f"{task_id} {state}" + (f" x{count}" if count > 1 else "")
        for (task_id, state), count in counts.items()
    )
