"""The class that other projects' tests use, on containers; nothing survives a killed test process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.runner.local_bench import Afterwards
from harness.testing.environment import MwaaEnvironment
from harness.waiting import Answer, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from tests.docker.conftest import ComposeProject

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.environment]

PROGRAM = """
import sys, time
from harness.testing.environment import MwaaEnvironment

with MwaaEnvironment(sys.argv[1], runtime="compose") as mwaa:
    print("up", flush=True)
    time.sleep(600)
"""


def test_a_test_gets_clients_and_runs_dags(compose_up: ComposeProject) -> None:
    with MwaaEnvironment(compose_up.root, environ=compose_up.environ) as mwaa:
        run = mwaa.run_dag("hello")
        listing = mwaa.client("s3").list_objects_v2(Bucket=mwaa.endpoints.bucket)
        dags = mwaa.request("GET", "/dags").json()

    assert run.state == "success"
    assert "dags/hello.py" in {entry["Key"] for entry in listing["Contents"]}
    assert "hello" in {dag["dag_id"] for dag in dags["dags"]}
    assert compose_up.containers(), "an environment that was up before stays"


def test_reuse_keeps_what_it_started(compose_up: ComposeProject) -> None:
    mwaa = MwaaEnvironment(compose_up.root, environ=compose_up.environ, afterwards=Afterwards.KEEP)
    mwaa.start()
    mwaa.stop()

    assert compose_up.containers()


def test_nothing_survives_a_killed_test_process(compose_up: ComposeProject) -> None:
    compose_up.succeed("down")
    tests = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(compose_up.root)],
        env=compose_up.environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert tests.stdout is not None
    assert tests.stdout.readline() == "up\n"

    os.kill(tests.pid, signal.SIGKILL)
    tests.wait()
    tests.stdout.close()

    def answer() -> Answer:
        left = compose_up.containers() + compose_up.networks()
        return NotYet(f"{left} are left") if left else Ready("nothing is left")

    wait_until(answer, subject="the reaper", seconds=120, interval=0.5)
