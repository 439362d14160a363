from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from harness.events import Notice, StepFinished, StepStarted
from harness.runner.bench import Progress
from harness.runner.live_progress import LiveProgress, describe_progress
from harness.runner.run_state import RunKey, RunState, TaskState


@dataclass
class Screen:
    """A terminal that remembers."""

    is_live: bool
    width: int = 40
    text: str = ""
    lines: list[str] = field(default_factory=list)

    def show(self, text: str) -> None:
        self.text += f"[{text}]"

    def hide(self) -> None:
        self.text += "[]"

    def write_line(self, text: str) -> None:
        self.lines.append(text)


def _run(label: str, *states: str) -> tuple[str, RunState]:
    tasks = tuple(TaskState(f"t{number}", -1, state) for number, state in enumerate(states))
    return label, RunState(RunKey(label, "r"), "running", tasks)


def test_only_what_a_run_is_at_is_told() -> None:
    progress = Progress(1, 3, [_run("etl", "success", "running", "scheduled"), ("late", None)])
    line = describe_progress(progress, 200)
    assert line == "mwaa: 1/3 runs done; etl (t1 running, t2 scheduled), late (waiting)"


def test_a_line_stays_within_its_width() -> None:
    progress = Progress(0, 30, [_run(f"dag_{number}", "running") for number in range(30)])
    line = describe_progress(progress, 80)
    assert len(line) <= 80
    assert line.endswith(" more")


def test_a_terminal_has_one_moving_line_that_goes_away() -> None:
    screen = Screen(is_live=True, width=120)
    progress = LiveProgress(screen)
    progress.watch(Progress(0, 1, [_run("etl", "queued")]))
    progress.watch(Progress(0, 1, [_run("etl", "running")]))
    progress.clear()
    assert screen.text == ("[mwaa: 0/1 runs done; etl (t0 queued)][mwaa: 0/1 runs done; etl (t0 running)][]")
    assert screen.lines == []


def test_without_a_terminal_lines_come_now_and_then_and_only_with_news() -> None:
    screen, now = Screen(is_live=False), [0.0]
    progress = LiveProgress(screen, clock=lambda: now[0])
    for moment, state in (
        (1.0, "queued"),
        (6.0, "queued"),
        (12.0, "queued"),
        (13.0, "running"),
        (18.0, "running"),
    ):
        now[0] = moment
        progress.watch(Progress(0, 1, [_run("etl", state)]))
    assert screen.lines == ["mwaa: 0/1 runs done; etl (t0 queued)", "mwaa: 0/1 runs done; etl (t0 running)"]
    assert screen.text == ""


@pytest.mark.parametrize("is_live", [True, False])
def test_what_has_ended_gets_a_line_of_its_own(is_live: bool) -> None:  # noqa: FBT001 - a parameter of the test
    screen = Screen(is_live=is_live)
    progress = LiveProgress(screen)
    progress.event(StepStarted("scheduler"))
    progress.event(StepFinished("scheduler", "ready", 1.25))
    progress.event(Notice("runtime: native"))
    assert screen.lines == ["mwaa: scheduler: ready (1.2 s)", "mwaa: runtime: native"]
    assert bool(screen.text) is is_live
