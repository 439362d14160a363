from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from harness.runtime.compose.bring_up import is_old_end
from harness.runtime.compose.containers import ContainerInfo
from harness.runtime.services import Role

NOW = datetime.now(timezone.utc)
ENDED = ContainerInfo(
    id="a" * 64,
    name="worker",
    role=Role.WORKER,
    state="exited",
    pid=None,
    started=NOW,
    restarts=0,
    exit_status=137,
    is_out_of_memory=False,
    service="worker",
)


def test_what_had_ended_before_is_no_failure_of_this_start() -> None:
    assert is_old_end(ENDED, ENDED)


def test_what_is_stopped_to_be_replaced_is_none_either() -> None:
    assert is_old_end(ENDED, replace(ENDED, state="running", exit_status=0))


def test_what_was_started_meanwhile_and_ended_is_one() -> None:
    assert not is_old_end(replace(ENDED, started=NOW + timedelta(seconds=1)), ENDED)
    assert not is_old_end(ENDED, None)
    assert not is_old_end(replace(ENDED, state="running"), ENDED)
