from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.runner.lease import Lease

if TYPE_CHECKING:
    from pathlib import Path


class Environment:
    """Notes what is asked of it."""

    def __init__(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self.calls: list[str] = []

    def start(self) -> bool:
        was_up, self.is_up = self.is_up, True
        return not was_up

    def prepare(self) -> None:
        self.calls.append("prepare")

    def restore(self, dag_ids: list[str]) -> None:
        self.calls.append(f"pause {dag_ids}")

    def stop(self) -> None:
        self.calls.append("stop")


def _add_other(folder: Path, pid: int, created_at: float) -> None:
    path = folder / "pytest-users.json"
    users = json.loads(path.read_text(encoding="utf-8"))
    users["processes"][str(pid)] = created_at
    path.write_text(json.dumps(users), encoding="utf-8")


def test_an_environment_that_was_down_is_prepared_and_stopped_again(tmp_path: Path) -> None:
    environment, lease = Environment(is_up=False), Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    lease.note_unpaused("etl")
    lease.release(environment.restore, environment.stop)
    assert environment.calls == ["prepare", "pause ['etl']", "stop"]


def test_an_environment_that_was_up_stays(tmp_path: Path) -> None:
    environment, lease = Environment(is_up=True), Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    lease.release(environment.restore, environment.stop)
    assert environment.calls == ["prepare", "pause []"]


def test_while_another_process_tests_everything_stays(tmp_path: Path) -> None:
    other = psutil.Process().parent()
    assert other is not None
    environment, lease = Environment(is_up=False), Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    _add_other(tmp_path, other.pid, other.create_time())
    lease.release(environment.restore, environment.stop)
    assert environment.calls == ["prepare"]


def test_a_process_that_died_counts_no_longer(tmp_path: Path) -> None:
    environment, lease = Environment(is_up=False), Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    _add_other(tmp_path, psutil.Process().pid + 1, 1.0)
    lease.release(environment.restore, environment.stop)
    assert environment.calls[-1] == "stop"


def test_what_a_killed_session_had_unpaused_is_paused_by_the_next(tmp_path: Path) -> None:
    environment = Environment(is_up=True)
    killed = Lease(tmp_path)
    killed.acquire(environment.start, environment.prepare)
    killed.note_unpaused("etl")
    (tmp_path / "pytest-users.json").write_text('{"processes": {}, "unpaused": ["etl"]}', encoding="utf-8")
    lease = Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    lease.release(environment.restore, environment.stop)
    assert environment.calls[-1] == "pause ['etl']"


def test_releasing_twice_does_nothing_more(tmp_path: Path) -> None:
    environment, lease = Environment(is_up=False), Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    lease.release(environment.restore, environment.stop)
    lease.release(environment.restore, environment.stop)
    assert environment.calls.count("stop") == 1


def test_a_start_that_fails_leaves_nobody_on_the_list(tmp_path: Path) -> None:
    environment, lease = Environment(is_up=False), Lease(tmp_path)

    def fail() -> bool:
        raise RuntimeError("postgres ended")

    with pytest.raises(RuntimeError):
        lease.acquire(fail, environment.prepare)
    lease.release(environment.restore, environment.stop)
    assert environment.calls == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"unknown": 1}'])
def test_a_damaged_file_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "pytest-users.json").write_text(text, encoding="utf-8")
    environment, lease = Environment(is_up=False), Lease(tmp_path)
    lease.acquire(environment.start, environment.prepare)
    lease.release(environment.restore, environment.stop)
    assert environment.calls[-1] == "stop"
