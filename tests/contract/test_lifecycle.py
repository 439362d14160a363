"""Starting, stopping, updating and recovering, shown on an environment of this module's own."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from harness.errors import HarnessError
from harness.events import Event, Notice, StepStarted, Warned, ignore_events
from harness.runtime.backend import ServiceState
from harness.runtime.marks import SUPERVISOR, find_marked, instance_of
from harness.waiting import Answer, NotYet, Ready, wait_until
from tests.contract.conftest import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.conftest import Subject

pytestmark = [pytest.mark.environment, pytest.mark.slow]


@pytest.fixture(scope="module", params=PARAMETERS)
def own(request: pytest.FixtureRequest, make_subject: Callable[[str], Subject]) -> Iterator[Subject]:
    made = make_subject(request.param)
    yield made
    made.discard()


def remember(subject: Subject, text: str) -> None:
    with psycopg.connect(subject.backend.endpoints().database_dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (text text)")
        connection.execute("INSERT INTO remembered VALUES (%s)", (text,))


def remembered(subject: Subject) -> list[str]:
    with psycopg.connect(subject.backend.endpoints().database_dsn) as connection:
        found = connection.execute("SELECT to_regclass('remembered')").fetchone()
        if found == (None,):
            return []
        return [row[0] for row in connection.execute("SELECT text FROM remembered").fetchall()]


def ready_again(subject: Subject, name: str) -> Answer:
    line = next(line for line in subject.backend.status() if line.name == name)
    if line.state is ServiceState.READY and line.restarts:
        return Ready(str(line))
    return NotYet(str(line))


def test_before_the_first_start_everything_is_stopped(own: Subject) -> None:
    assert not own.backend.is_up()
    assert {line.state for line in own.backend.status()} == {ServiceState.STOPPED}
    with pytest.raises(HarnessError, match="no environment is running"):
        own.backend.endpoints()
    own.backend.down(ignore_events)


def test_the_first_start_migrates_and_the_data_survive_a_stop(own: Subject) -> None:
    heard = own.up()
    assert "database" in {event.step for event in heard if isinstance(event, StepStarted)}
    remember(own, "before")
    ports = {line.name: line.port for line in own.backend.status()}

    own.backend.down(ignore_events)

    assert own.trace.remains() == []
    assert not own.backend.is_up()
    heard = own.up()
    assert "database" not in {event.step for event in heard if isinstance(event, StepStarted)}
    assert remembered(own) == ["before"]
    assert {line.name: line.port for line in own.backend.status()} == ports


def test_a_killed_service_comes_back_and_status_tells(own: Subject) -> None:
    own.up()
    line = next(line for line in own.backend.status() if line.name == "webserver")
    assert line.pid is not None

    os.kill(line.pid, signal.SIGKILL)

    wait_until(lambda: ready_again(own, "webserver"), subject="webserver", seconds=300, interval=1)
    line = next(line for line in own.backend.status() if line.name == "webserver")
    # The engine forgets events after a while.
    assert line.last_exit == "killed by SIGKILL" or (own.trace.name == "compose" and line.last_exit is None)


def test_what_changed_is_taken_over_and_the_rest_left_alone(own: Subject) -> None:
    own.up()
    before = {line.name: line.pid for line in own.backend.status()}
    environment = replace(own.settings.environment, airflow_configuration_options={"core.parallelism": "7"})
    own.settings = replace(own.settings, environment=environment)

    own.up()

    after = {line.name: line for line in own.backend.status()}
    same = {name for name, line in after.items() if line.pid == before[name]}
    assert same == {"postgres", "localstack"}
    assert {line.state for line in after.values()} == {ServiceState.READY}


def test_a_second_worker_is_added_to_a_running_environment(own: Subject) -> None:
    own.up()
    two = own.make(replace(own.settings, local=replace(own.settings.local, workers=2)))

    two.up(ignore_events)

    ready = {line.name for line in two.status() if line.state is ServiceState.READY}
    assert {"worker-1", "worker-2"} <= ready
    assert "worker" not in ready


def test_after_the_supervisor_was_killed_the_next_start_recovers(own: Subject) -> None:
    own.up()
    if own.trace.name != "native":
        remember(own, "and after")
        return  # the engine is the supervisor; tests/docker/test_faults.py has its loss
    remember(own, "and after")
    for process, name in find_marked(instance_of(own.project.root)):
        if name == SUPERVISOR:
            process.kill()

    heard = own.up()

    assert any("left behind" in event.text for event in heard if isinstance(event, Notice))
    assert {line.state for line in own.backend.status()} == {ServiceState.READY}
    assert "and after" in remembered(own)


def test_after_everything_was_killed_at_once_nothing_is_lost(own: Subject) -> None:
    own.up()
    remember(own, "a moment before")
    own.trace.kill_everything()

    own.up()

    assert "a moment before" in remembered(own)


def test_a_damaged_state_file_is_set_aside(own: Subject) -> None:
    own.up()
    own.trace.state_file.write_text("{ not json", encoding="utf-8")

    heard = own.up()

    assert any("damaged" in event.text for event in heard if isinstance(event, Warned))
    assert {line.state for line in own.backend.status()} == {ServiceState.READY}


def test_discarded_data_are_gone(own: Subject) -> None:
    own.up()
    with pytest.raises(HarnessError, match="the environment is running"):
        own.backend.discard_volumes(ignore_events)
    own.backend.down(ignore_events)

    own.backend.discard_volumes(ignore_events)

    heard = own.up()
    migrates = "database" in {event.step for event in heard if isinstance(event, StepStarted)}
    assert migrates is (own.trace.name == "compose")  # without containers there is a template
    assert remembered(own) == []


def test_a_stop_leaves_no_process_and_no_socket(own: Subject) -> None:
    own.up()

    own.backend.down(ignore_events)

    assert own.trace.remains() == []
    own.backend.down(ignore_events)


def test_an_interrupted_start_leaves_nothing_running(own: Subject) -> None:
    own.backend.down(ignore_events)

    def interrupt(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "scheduler":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own.backend.up(interrupt)

    assert own.trace.remains() == []
