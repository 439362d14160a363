"""Containers killed, cut off and scaled under thirty runs in flight: none is lost, none succeeds twice.

`docker kill` tells the engine not to start the container again, so a person's `up` does; a process that dies
by itself, the engine starts again. The bound holds with the settings of `tests.environments`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import process
from harness.waiting import Answer, NotYet, Ready, wait_until
from tests.flights import BOUND, CHAIN, ONE_STEP, Flight, Plan
from tests.giving_up import give_up

if TYPE_CHECKING:
    from tests.docker.conftest import ComposeProject

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.environment]

CUT_SECONDS = 30.0
ENGINE = Path(__file__).parents[2] / "docker" / "engine"
ENGINE_PID_FILE = Path("/run/mwaa-harness-engine.pid")


@pytest.fixture
def environment(compose_up: ComposeProject) -> ComposeProject:
    return compose_up


def fly(environment: ComposeProject, plan: Plan, name: str) -> Flight:
    """Thirty runs, a part of which is done."""
    marks = environment.state.container_task_logs / f"marks-{name}"
    flight = Flight(environment, plan, marks, seen_as=f"/usr/local/airflow/logs/{marks.name}")
    flight.start()
    flight.await_middle()
    return flight


def land(flight: Flight) -> None:
    flight.await_end(BOUND)
    flight.expect_each_task_once()


@pytest.mark.parametrize(
    "services",
    [("scheduler", "webserver", "triggerer", "controlplane"), ("worker",), ("localstack",), ("postgres",)],
    ids="+".join,
)
def test_no_run_is_lost_when_containers_are_killed(
    environment: ComposeProject, services: tuple[str, ...]
) -> None:
    victims = {service: environment.infos()[service].id for service in services}
    flight = fly(environment, CHAIN if "scheduler" in services else ONE_STEP, services[0])

    for container in victims.values():
        environment.docker("kill", container)
    assert environment.services()[services[0]]["last_exit"] == "killed by SIGKILL"
    environment.succeed("up")

    land(flight)


def test_a_container_whose_process_dies_is_started_again_by_the_engine(environment: ComposeProject) -> None:
    before = environment.services()["triggerer"]

    os.kill(before["pid"], signal.SIGKILL)

    def answer() -> Answer:
        now = environment.services()["triggerer"]
        is_back = now["restarts"] > before["restarts"] and now["state"] == "ready"
        return Ready("it is back") if is_back else NotYet(str(now))

    wait_until(answer, subject="triggerer", seconds=180, interval=0.5)


def test_no_run_is_lost_when_the_worker_cannot_reach_the_broker_for_a_while(
    environment: ComposeProject,
) -> None:
    worker, network = environment.infos()["worker"], f"{environment.name}_aws"
    flight = fly(environment, ONE_STEP, "cut")

    environment.docker("network", "disconnect", network, worker.id)
    time.sleep(CUT_SECONDS)  # the fault itself; nothing is awaited
    environment.docker("network", "connect", network, worker.id)

    land(flight)
    environment.await_ready(60)


def test_no_run_is_lost_when_the_engine_is_restarted(environment: ComposeProject) -> None:
    if not ENGINE_PID_FILE.is_file():
        reason = "this engine is not the tests' to restart: docker/engine did not start it"
        give_up(reason)
    flight = fly(environment, CHAIN, "engine")

    try:
        process.check([ENGINE, "stop"], env=os.environ, timeout=120)
    finally:
        process.check([ENGINE], env=os.environ, timeout=120)
    environment.succeed("up")

    land(flight)


def test_no_run_is_lost_while_workers_come_and_go(environment: ComposeProject) -> None:
    first = environment.infos()["worker"]
    flight = fly(environment, CHAIN, "scaling")

    environment.environ["MWAA_HARNESS_LOCAL_WORKERS"] = "4"
    environment.succeed("up")
    workers = [name for name in environment.services() if name.startswith("worker")]
    del environment.environ["MWAA_HARNESS_LOCAL_WORKERS"]
    environment.succeed("up")

    assert workers == ["worker-1", "worker-2", "worker-3", "worker-4"]
    assert environment.infos()["worker"].id == first.id
    land(flight)
