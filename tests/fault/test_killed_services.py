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
    from collections.abc import Sequence
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


def expect_restarted(environment: CommandProject, service: str, before: int) -> None:
    """`status` shows that the service was started anew, how it ended, and that it is ready."""
    after = environment.await_ready(60)[service]
    assert after["restarts"] > before
    assert "KILL" in str(after["last_exit"])


@pytest.mark.parametrize(
    "service", ["scheduler", "worker", "webserver", "triggerer", "controlplane", "localstack", "postgres"]
)
def test_no_run_is_lost_when_a_service_is_killed(
    service: str, shared_environment: CommandProject, tmp_path: Path
) -> None:
    restarts = shared_environment.services()[service]["restarts"]
    victim = process_of(shared_environment, service)
    flight = Flight(shared_environment, CHAIN if service == "scheduler" else ONE_STEP, tmp_path / "marks")
    if service == "triggerer":
        flight.start(deferred_seconds=8)
        flight.await_middle(busy="deferred", successes=0)
    else:
        flight.start()
        flight.await_middle()

    kill([victim])

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    expect_restarted(shared_environment, service, restarts)


def test_no_run_is_lost_when_a_worker_dies_with_its_tasks(
    shared_environment: CommandProject, tmp_path: Path
) -> None:
    """As when the machine under the worker is lost: what it was running ran to no end."""
    restarts = shared_environment.services()["worker"]["restarts"]
    worker = process_of(shared_environment, "worker")
    flight = Flight(shared_environment, ONE_STEP, tmp_path / "marks")
    flight.start()
    flight.await_middle()

    kill(with_children(worker))

    flight.await_end(BOUND)
    flight.expect_each_task_once()
    expect_restarted(shared_environment, "worker", restarts)


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
