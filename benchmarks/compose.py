"""The environment in containers beside the native one: from nothing running to everything ready, and down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, stopwatch
from benchmarks.scratch import TWO_TASKS, harness, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 3
RUNTIMES = ("compose", "native")


def measure(scratch: Path) -> Iterator[Measurement]:
    """Needs a Docker engine; images are built before the clock starts."""
    projects = {name: make_project(scratch / name, {"two_tasks.py": TWO_TASKS}) for name in RUNTIMES}
    harness(projects["compose"], "images")
    harness(projects["native"], "env", "build")
    first: dict[str, float] = {}
    ups: dict[str, list[float]] = {name: [] for name in RUNTIMES}
    downs: dict[str, list[float]] = {name: [] for name in RUNTIMES}
    for name, project in projects.items():
        first[name] = _up(project, name)
        harness(project, "down")
    for _ in range(RUNS):
        for name, project in projects.items():
            ups[name].append(_up(project, name))
            downs[name].append(_down(project))
    for project in projects.values():
        harness(project, "down", "--volumes")
    usual = "native runtime"
    yield Measurement("compose: first up, images there", "s", (first["compose"],), usual, (first["native"],))
    yield Measurement(
        "compose: second up, everything ready",
        "s",
        tuple(ups["compose"]),
        usual,
        tuple(ups["native"]),
        goal="<= 25 s",
    )
    yield Measurement("compose: down", "s", tuple(downs["compose"]), usual, tuple(downs["native"]))


def _up(project: Path, runtime: str) -> float:
    with stopwatch() as watch:
        harness(project, "up", "--runtime", runtime)
    return watch.seconds


def _down(project: Path) -> float:
    with stopwatch() as watch:
        harness(project, "down")
    return watch.seconds
