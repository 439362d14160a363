"""SIGKILL for each service in turn while thirty runs are in flight.

No run is lost or stuck: every run ends in success within `BOUND` seconds of the kill, and no task instance
succeeds twice. The bound holds with the settings of `tests.environments` (a lost task or scheduler is noticed
after 20 s instead of Airflow's 300 and 30 s); docs/differences.md says where MWAA behaves otherwise.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.flights import BOUND, CHAIN, ONE_STEP, Flight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]


def kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def process_of(environment: CommandProject, service: str) -> psutil.Process:
    return psutil.Process(environment.pids()[service])


def with_children(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def restarts(environment: CommandProject, services: Iterable[str]) -> Mapping[str, int]:
    shown = environment.services()
    return {service: shown[service]["restarts"] for service in services}


def expect_restarted(environment: CommandProject, before: Mapping[str, int]) -> None:
    """`status` shows that each service was started anew, how it ended, and that it is ready."""
    after = environment.await_ready(60)
    for service, count in before.items():
        assert after[service]["restarts"] > count, service
        assert "KILL" in str(after[service]["last_exit"]), service


# What runs no task and schedules none is killed together.
@pytest.mark.parametrize(
    "services",
    [
        ("scheduler",),
        ("worker",),
        ("webserver", "controlplane"),
        ("triggerer",),
        ("localstack",),
        ("postgres",),
    ],
    ids="+".join,
)
def test_no_run_is_lost_when_services_are_killed(
    services: tuple[str, ...], shared_environment: CommandProject, tmp_path: Path
) -> None:
    before = restarts(shared_environment, services)
    victims = [process_of(shared_environment, service) for service in services]
    flight = Flight(shared_environment, CHAIN if "scheduler" in services else ONE_STEP, tmp_path / "marks")
    if "triggerer" in services:
        flight.start(deferred_seconds=8)
        flight.await_middle(busy="deferred", successes=0)
    else:
        flight.start()
        flight.await_middle()

    kill(victims)

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    expect_restarted(shared_environment, before)


def test_no_run_is_lost_when_a_worker_dies_with_its_tasks(
    shared_environment: CommandProject, tmp_path: Path
) -> None:
    """As when the machine under the worker is lost: what it was running ran to no end."""
    before = restarts(shared_environment, ["worker"])
    worker = process_of(shared_environment, "worker")
    flight = Flight(shared_environment, ONE_STEP, tmp_path / "marks")
    flight.start()
    flight.await_middle()

    kill(with_children(worker))

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    expect_restarted(shared_environment, before)


def test_no_run_is_lost_when_postgres_is_restarted(
    shared_environment: CommandProject, tmp_path: Path
) -> None:
    flight = Flight(shared_environment, CHAIN, tmp_path / "marks")
    flight.start()
    flight.await_middle()

    shared_environment.succeed("restart", "postgres")

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    shared_environment.await_ready(60)
