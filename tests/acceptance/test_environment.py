"""An environment as a person uses it: up, status, open, logs, restart, airflow, down."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from harness.waiting import NotYet, Ready, wait_until
from tests.environments import SERVICES, SETTINGS, borrow_database

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def test_the_first_up_migrates_the_database_and_makes_everything_ready(
    first_up: subprocess.CompletedProcess[str], shared_project: CommandProject
) -> None:
    assert first_up.returncode == 0, first_up.stderr
    assert "is ready" in first_up.stderr
    assert "migrated" in first_up.stderr
    services = shared_project.services()
    assert tuple(services) == SERVICES
    assert {entry["state"] for entry in services.values()} == {"ready"}
    assert all(entry["pid"] and entry["memory_bytes"] for entry in services.values())


def test_everything_listens_on_loopback_alone(shared_environment: CommandProject) -> None:
    processes = shared_environment.processes()

    assert len(processes) > len(SERVICES)
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in processes
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or not connection.raddr
    }
    assert len(listening) >= 3
    assert [address for address in listening if address[0] not in LOOPBACK] == []


def test_the_login_that_open_prints_works_over_plain_http(shared_environment: CommandProject) -> None:
    login = json.loads(shared_environment.succeed("open", "--json").stdout)
    assert login["webserver_url"].startswith("http://127.0.0.1:")

    with httpx.Client(base_url=login["webserver_url"], trust_env=False, timeout=60) as browser:
        token = CSRF.search(browser.get("/login/").text)
        assert token is not None
        form = {"username": login["username"], "password": login["password"], "csrf_token": token[1]}
        answer = browser.post("/login/", data=form)
        home = browser.get("/home")

    assert answer.is_redirect
    assert home.status_code == httpx.codes.OK
    assert "/login/" not in str(home.url)
    assert "in_flight" in home.text


def test_an_airflow_command_runs_inside(shared_environment: CommandProject) -> None:
    done = shared_environment.succeed("airflow", "dags", "list", "--output", "json")

    assert {"hello", "in_flight"} <= {dag["dag_id"] for dag in json.loads(done.stdout)}


def test_an_airflow_command_that_fails_keeps_its_exit_status(shared_environment: CommandProject) -> None:
    assert shared_environment.run("airflow", "dags", "list-runs", "--dag-id", "nowhere").returncode not in {
        0,
        3,
    }


def test_logs_of_one_service_and_of_all(shared_environment: CommandProject) -> None:
    everything = shared_environment.succeed("logs").stdout
    of_one = shared_environment.succeed("logs", "scheduler").stdout

    assert {line.partition("|")[0].strip() for line in everything.splitlines()} >= set(SERVICES)
    assert "Starting the scheduler" in of_one
    assert "redis" not in of_one


def test_another_up_restarts_nothing(shared_environment: CommandProject) -> None:
    before = shared_environment.pids()

    done = shared_environment.succeed("up")

    assert shared_environment.pids() == before
    assert "migrated" not in done.stderr


def test_restart_gives_one_service_another_process(shared_environment: CommandProject) -> None:
    before = shared_environment.pids()

    shared_environment.succeed("restart", "scheduler")

    after = shared_environment.services()
    assert after["scheduler"]["state"] == "ready"
    assert {name for name, pid in before.items() if after[name]["pid"] != pid} == {"scheduler"}


def test_down_leaves_no_process_and_keeps_the_data(shared_environment: CommandProject) -> None:
    with shared_environment.api() as api:
        api.put_variable("kept", "through a night")

    shared_environment.succeed("down")

    assert shared_environment.processes() == []
    assert {entry["state"] for entry in shared_environment.services().values()} == {"stopped"}
    done = shared_environment.succeed("up")
    assert "migrated" not in done.stderr
    got = shared_environment.succeed("airflow", "variables", "get", "kept")
    assert got.stdout.strip().endswith("through a night")


def test_ctrl_c_leaves_nothing_running_and_discarded_data_come_back_from_the_template(
    shared_environment: CommandProject,
) -> None:
    with shared_environment.api() as api:
        api.put_variable("discarded", "yes")
    shared_environment.succeed("down", "--volumes")
    up = shared_environment.start("up")

    def answer() -> Ready | NotYet:
        running = [entry["service"] for entry in shared_environment.services().values() if entry["pid"]]
        return Ready("it starts Airflow") if "scheduler" in running else NotYet(f"{running}")

    wait_until(answer, subject="the middle of the start", seconds=120)
    up.send_signal(signal.SIGINT)
    _, stderr = up.communicate(timeout=120)

    assert up.returncode == 130
    assert "Traceback" not in stderr
    assert shared_environment.processes() == []

    done = shared_environment.succeed("up")

    assert "migrated" not in done.stderr
    assert shared_environment.run("airflow", "variables", "get", "discarded").returncode == 1


def test_a_service_that_dies_at_once_is_named_with_the_end_of_its_log(
    make_project: Callable[[str], CommandProject],
    shared_project: CommandProject,
    first_up: subprocess.CompletedProcess[str],
) -> None:
    assert first_up.returncode == 0
    project = make_project("broken option")
    borrow_database(shared_project.state, project.state)
    option = '"triggerer.default_capacity" = "plenty"'
    project.write("mwaa.toml", SETTINGS.replace("[local]", f"{option}\n\n[local]"))

    done = project.run("up")

    assert done.returncode == 1
    assert "triggerer ended while the environment was starting" in done.stderr
    assert "plenty" in done.stderr  # the end of its log
    assert "mwaa-harness logs triggerer" in done.stderr
    assert project.processes() == []
