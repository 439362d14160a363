"""`docker compose` in a project's folder, without the harness's command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from harness import process
from harness.runtime.compose.command import compose_file
from harness.waiting import Answer, NotYet, Ready, wait_until
from tests.docker_requirement import require_docker
from tests.environments import CommandProject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.environment]

DAGS = Path(__file__).parent.parent / "dags"
NAME = "mwaa-test-by-hand"


class Hand:
    """Somebody who types `docker compose …`."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = {**environ, "COMPOSE_PROJECT_NAME": NAME}

    def compose(self, *arguments: str, seconds: float = 300.0) -> str:
        command = ["docker", "compose", *arguments]
        return process.check(command, env=self.environ, cwd=self.folder, timeout=seconds).stdout

    def services(self) -> dict[str, list[str]]:
        """The states of each service's containers."""
        found: dict[str, list[str]] = {}
        for line in self.compose("ps", "--all", "--format", "json").splitlines():
            entry = json.loads(line)
            found.setdefault(entry["Service"], []).append(entry["Health"] or entry["State"])
        return found


_GOOD = {"healthy", "exited"}  # migrate has done its work


@pytest.fixture(scope="module")
def hand(fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    """A project with one DAG, a settings file and the compose file, and its images."""
    require_docker(fenced_environ)
    project = CommandProject(tmp_path_factory.mktemp("by hand") / "project", fenced_environ)
    project.write("mwaa.toml", "")
    shutil.copy2(DAGS / "hello.py", project.root / "dags")
    shutil.copy2(compose_file(), project.root)
    project.succeed("images")
    hand = Hand(project.root, fenced_environ)
    yield hand
    hand.compose("down", "--volumes")
    assert hand.services() == {}


def test_up_starts_an_environment_that_runs_dags(hand: Hand) -> None:
    hand.compose("up", "--detach", "--wait", "--scale", "worker=2")
    assert not {state for states in hand.services().values() for state in states} - _GOOD
    hand.compose("exec", "-T", "worker", "/entrypoint", "airflow", "dags", "unpause", "hello")
    hand.compose(
        "exec", "-T", "worker", "/entrypoint", "airflow", "dags", "trigger", "--run-id", "it", "hello"
    )

    def answer() -> Answer:
        listing = hand.compose(
            *("exec", "-T", "worker", "/entrypoint", "airflow", "dags", "list-runs"),
            *("--dag-id", "hello", "--output", "json"),
        )
        states = {run["run_id"]: run["state"] for run in json.loads(listing[listing.index("[{") :])}
        return Ready("success") if states["it"] == "success" else NotYet(str(states))

    assert len(hand.services()["worker"]) == 2
    wait_until(answer, subject="the run", seconds=120, interval=1)


def test_the_made_password_opens_the_interface_on_its_free_port(hand: Hand) -> None:
    user, password = hand.compose("exec", "-T", "webserver", "/entrypoint", "password").split()
    address = hand.compose("port", "webserver", "8080").strip()
    with httpx.Client(
        base_url=f"http://{address}", follow_redirects=True, trust_env=False, timeout=60
    ) as client:
        page = client.get("/login/").text
        token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
        client.post("/login/", data={"username": user, "password": password, "csrf_token": token})

        assert client.get("/api/v1/dags").status_code == httpx.codes.OK
    assert address.startswith("127.0.0.1:")


def test_a_worker_that_is_told_to_stop_drains_and_ends_by_itself(hand: Hand) -> None:
    hand.compose("stop", "worker")

    ended = [
        json.loads(line) for line in hand.compose("ps", "--all", "--format", "json", "worker").splitlines()
    ]
    assert {entry["ExitCode"] for entry in ended} == {0}
    assert "Warm shutdown" in hand.compose("logs", "--no-log-prefix", "worker")
