from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from harness.runtime.backend import ServiceState
from harness.runtime.compose.board import Container
from harness.runtime.compose.containers import ContainerInfo
from harness.runtime.compose.dags_arrival import newest_arrival
from harness.runtime.compose.evidence import judge
from harness.runtime.compose.statuses import describe_service
from harness.runtime.services import Role
from harness.waiting import Answer, NotYet, Ready

NOW = datetime.now(timezone.utc)
INFO = ContainerInfo(
    id="a" * 64,
    name="worker",
    role=Role.WORKER,
    state="running",
    pid=os.getpid(),
    started=NOW - timedelta(seconds=30),
    restarts=0,
    exit_status=0,
    is_out_of_memory=False,
    service="worker",
)
TOLD = Container(
    host="a" * 12,
    role="worker",
    started=NOW - timedelta(seconds=20),
    service_started=1.0,
    evidence="it consumes its queue",
    reason=None,
    dags={"a.py": "1", "b/c.py": "2"},
    dags_at=NOW - timedelta(seconds=5),
    is_fresh=True,
)


def test_what_a_container_told_since_it_was_started_counts() -> None:
    assert judge(INFO, TOLD) == Ready("it consumes its queue")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (None, "it has not told anything yet"),
        (replace(TOLD, started=NOW - timedelta(seconds=40)), "it has not told anything yet"),
        (replace(TOLD, is_fresh=False), "it has told nothing for a while"),
        (replace(TOLD, evidence=None, reason="no heartbeat yet"), "no heartbeat yet"),
    ],
)
def test_everything_else_is_not_yet(told: Container | None, reason: str) -> None:
    assert judge(INFO, told) == NotYet(reason)


@pytest.mark.parametrize(
    ("info", "answer", "state"),
    [
        (INFO, Ready("yes"), ServiceState.READY),
        (INFO, NotYet("no"), ServiceState.STARTING),
        (replace(INFO, started=NOW - timedelta(hours=1)), NotYet("no"), ServiceState.RUNNING),
        (replace(INFO, state="restarting"), None, ServiceState.BACKING_OFF),
        (replace(INFO, state="created"), None, ServiceState.STARTING),
        (replace(INFO, state="exited"), None, ServiceState.STOPPED),
        (replace(INFO, state="exited", exit_status=137), None, ServiceState.FAILED),
    ],
)
def test_states(info: ContainerInfo, answer: Answer | None, state: ServiceState) -> None:
    since = datetime.now(timezone.utc) - NOW
    info = replace(info, started=info.started + since if info.started else info.started)
    assert describe_service(info, {}, answer).state is state


WANTED = {"a.py": "1", "b/c.py": "2"}


def test_files_have_arrived_when_the_last_component_has_them() -> None:
    later = replace(TOLD, host="b", role="scheduler", dags_at=NOW)

    assert newest_arrival(WANTED, ["a", "b"], {"a": TOLD, "b": later}) == NOW
    assert newest_arrival({}, ["a"], {"a": TOLD}) == TOLD.dags_at


@pytest.mark.parametrize(
    "other",
    [
        replace(TOLD, dags={"a.py": "1"}),
        replace(TOLD, dags={"a.py": "1", "b/c.py": "of yesterday"}),
        replace(TOLD, dags_at=None),
    ],
)
def test_files_have_not_arrived_while_one_component_lacks_them(other: Container) -> None:
    assert newest_arrival(WANTED, ["a", "b"], {"a": TOLD, "b": other}) is None
    assert newest_arrival(WANTED, ["a", "unknown"], {"a": TOLD}) is None


def test_what_shows_dags_from_the_database_needs_no_files() -> None:
    webserver = replace(TOLD, role="webserver", dags={}, dags_at=None)

    assert newest_arrival(WANTED, ["a", "w"], {"a": TOLD, "w": webserver}) == TOLD.dags_at
