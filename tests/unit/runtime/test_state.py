from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.project.layout import StateFolder
from harness.runtime.backend import Endpoints
from harness.runtime.state import (
    EnvironmentState,
    StateError,
    read_state,
    set_aside,
    state_file,
    write_state,
)

STATE = EnvironmentState(
    instance="abc",
    endpoints=Endpoints(
        "http://w", "admin", "pw", "http://a", "us-east-1", "b", "http://q", "postgresql://d"
    ),
    ports={"webserver": 8080},
    homes={"worker": Path("/home/ä b")},
    worker_environment=Path("/envs/1"),
    services=("postgres", "worker"),
    inputs="digest",
    socket=Path("/run/s"),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_state(StateFolder(tmp_path), STATE)

    assert read_state(StateFolder(tmp_path)) == STATE


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write_state(StateFolder(tmp_path), STATE)

    assert stat.S_IMODE(state_file(StateFolder(tmp_path)).stat().st_mode) == 0o600


def test_no_file_is_no_environment(tmp_path: Path) -> None:
    assert read_state(StateFolder(tmp_path)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"instance": 1}', "\x00\x00"])
def test_a_damaged_file_is_told_apart_from_none(tmp_path: Path, text: str) -> None:
    state = StateFolder(tmp_path)
    write_state(state, STATE)
    state_file(state).write_text(text, encoding="utf-8")

    with pytest.raises(StateError):
        read_state(state)

    aside = set_aside(state)
    assert read_state(state) is None
    assert aside.read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file in the way", encoding="utf-8")

    with pytest.raises(HarnessError, match="run cannot be written"):
        write_state(StateFolder(tmp_path), STATE)
