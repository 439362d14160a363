from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.runtime.log_files import last_lines
from harness.runtime.marks import find_marked
from harness.runtime.services import StopGrade
from harness.runtime.supervisor import SupervisorGoneError
from harness.waiting import NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.runtime.conftest import Stand


def until(condition: Callable[[], bool]) -> None:
    wait_until(
        lambda: Ready("") if condition() else NotYet("not yet"), subject="it", seconds=30, interval=0.05
    )


def test_services_run_only_when_started_and_say_their_words_into_their_log(stand: Stand) -> None:
    stand.launch({"scheduler": "echo 100 % ready; exec sleep 600", "worker": "exec sleep 600"})

    stand.supervisor.start("scheduler")

    until(lambda: last_lines(stand.logs, "scheduler", 1) == ("100 % ready",))
    processes = stand.supervisor.processes()
    assert processes["scheduler"].is_alive
    assert not processes["worker"].is_alive
    assert processes["worker"].pid is None


def test_starting_what_runs_changes_nothing(stand: Stand) -> None:
    stand.launch({"scheduler": "exec sleep 600"})
    stand.supervisor.start("scheduler")
    before = stand.supervisor.processes()["scheduler"].pid

    stand.supervisor.start("scheduler")

    assert stand.supervisor.processes()["scheduler"].pid == before


def test_a_killed_service_is_started_again_and_its_end_is_remembered(stand: Stand) -> None:
    stand.launch({"scheduler": "exec sleep 600"})
    stand.supervisor.start("scheduler")
    first = stand.supervisor.processes()["scheduler"].pid
    assert first is not None

    os.kill(first, signal.SIGKILL)

    until(lambda: stand.supervisor.processes()["scheduler"].pid not in {None, first})
    again = stand.supervisor.processes()["scheduler"]
    assert again.restarts == 1
    assert again.last_exit == "killed by SIGKILL"


def test_a_service_that_ends_tells_its_exit_status(stand: Stand) -> None:
    stand.launch({"scheduler": "exit 7"})
    stand.supervisor.start("scheduler")

    until(lambda: stand.supervisor.processes()["scheduler"].last_exit == "exit status 7")
    assert stand.supervisor.processes()["scheduler"].is_failed


def test_a_service_that_waits_for_its_next_start_is_started_at_once(stand: Stand) -> None:
    stand.launch({"scheduler": "test -e cured && exec sleep 600"})
    stand.supervisor.start("scheduler")
    cured = stand.supervisor.folder / "cured"
    until(lambda: stand.supervisor.processes()["scheduler"].is_waiting)
    cured.touch()

    stand.supervisor.start("scheduler")

    assert stand.supervisor.processes()["scheduler"].is_alive
    until(lambda: stand.supervisor.processes()["scheduler"].pid is not None)


def test_what_a_killed_service_started_is_killed_too(stand: Stand) -> None:
    stand.launch({"webserver": "setsid sleep 601 & exec sleep 600"})
    stand.supervisor.start("webserver")
    until(lambda: len(_commands(stand, "601")) == 1)
    orphan = _commands(stand, "601")[0]

    pid = stand.supervisor.processes()["webserver"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


def test_a_stop_takes_the_next_grade_when_the_first_is_ignored(stand: Stand) -> None:
    grades = (StopGrade("TERM", 0.2), StopGrade("QUIT", 5.0))
    script = "trap '' TERM; trap 'echo asked twice; exit 0' QUIT; echo up; while :; do sleep 0.05; done"
    services = stand.launch({"worker": script}, grades)
    stand.supervisor.start("worker")
    until(lambda: last_lines(stand.logs, "worker", 1) == ("up",))

    ended: list[str] = []
    stand.supervisor.stop([services["worker"]], ended.append)

    assert ended == ["worker"]
    assert last_lines(stand.logs, "worker", 1) == ("asked twice",)


def test_a_stopped_service_is_not_started_again_and_counts_no_restarts(stand: Stand) -> None:
    services = stand.launch({"worker": "exec sleep 600"})
    stand.supervisor.start("worker")

    stand.supervisor.stop([services["worker"]])

    info = stand.supervisor.processes()["worker"]
    assert not info.is_alive
    assert not info.is_failed
    assert info.restarts == 0


def test_a_new_configuration_adds_and_forgets_services(stand: Stand) -> None:
    services = stand.launch({"scheduler": "exec sleep 600", "worker-1": "exec sleep 600"})
    stand.supervisor.start("worker-1")
    added = services["worker-1"].__class__(
        name="worker-2", role=services["worker-1"].role, command=("/bin/sleep", "600")
    )

    stand.write((services["scheduler"], added))
    stand.supervisor.load()

    assert set(stand.supervisor.processes()) == {"scheduler", "worker-2"}


def test_shutdown_ends_the_supervisor_and_every_service(stand: Stand) -> None:
    stand.launch({"scheduler": "exec sleep 600"})
    stand.supervisor.start("scheduler")

    stand.supervisor.shutdown()

    assert not stand.supervisor.is_answering()
    assert list(find_marked(stand.site.instance)) == []
    with pytest.raises(SupervisorGoneError):
        stand.supervisor.processes()


def test_nothing_answers_where_no_supervisor_was_started(stand: Stand) -> None:
    assert not stand.supervisor.is_answering()
    stand.supervisor.shutdown()


def _commands(stand: Stand, argument: str) -> list[psutil.Process]:
    return [process for process, _ in find_marked(stand.site.instance) if argument in process.cmdline()]
