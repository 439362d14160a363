"""Task logs as the workers write them: one file per attempt (facts 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.runner.run_state import RunKey, TaskState


def attempt_path(folder: Path, key: RunKey, task: TaskState, attempt: int) -> Path:
    """Where the log of one attempt is, below the folder of all task logs."""
    path = folder / f"dag_id={key.dag_id}" / f"run_id={key.run_id}" / f"task_id={task.task_id}"
    if task.map_index >= 0:
        path /= f"map_index={task.map_index}"
    return path / f"attempt={attempt}.log"


def read_attempts(folder: Path, key: RunKey, task: TaskState) -> str:
    """The logs of all attempts of one task instance, oldest first."""
    first = attempt_path(folder, key, task, 1)
    numbers = sorted(
        int(path.stem.partition("=")[2]) for path in first.parent.glob("attempt=*.log") if path.is_file()
    )
    paths = [attempt_path(folder, key, task, number) for number in numbers]
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


def read_last_lines(folder: Path, key: RunKey, task: TaskState, count: int) -> tuple[str, ...]:
    """The end of the newest attempt's log; empty when nothing was written."""
    for attempt in range(task.tries + 1, 0, -1):
        path = attempt_path(folder, key, task, attempt)
        if path.is_file():
            return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    return ()
