"""What happened behind the harness's back: the next command recovers without help."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.environments import SERVICES

if TYPE_CHECKING:
    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]


def test_up_recovers_from_a_killed_supervisor(shared_environment: CommandProject) -> None:
    (supervisor,) = shared_environment.supervisors()
    before = shared_environment.processes()
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(timeout=30)

    done = shared_environment.succeed("up")

    assert "left behind" in done.stderr
    assert [process for process in before if process.is_running()] == []
    assert {entry["state"] for entry in shared_environment.services().values()} == {"ready"}
    assert len(shared_environment.supervisors()) == 1


def test_down_after_a_killed_supervisor_and_a_damaged_record_leaves_nothing(
    shared_environment: CommandProject,
) -> None:
    (shared_environment.state.run / "environment.json").write_text('{"instance": 7', encoding="utf-8")
    (supervisor,) = shared_environment.supervisors()
    supervisor.send_signal(signal.SIGKILL)

    shared_environment.succeed("down")

    assert shared_environment.processes() == []


def test_two_ups_at_once_on_a_damaged_record_make_one_environment(shared_project: CommandProject) -> None:
    shared_project.succeed("down")
    (shared_project.state.run / "environment.json").write_text("\x00" * 300, encoding="utf-8")

    ups = [shared_project.start("up") for _ in range(2)]
    outputs = [up.communicate(timeout=300) for up in ups]

    assert [up.returncode for up in ups] == [0, 0], outputs
    assert len(shared_project.supervisors()) == 1
    services = shared_project.services()
    assert tuple(services) == SERVICES
    assert {(entry["state"], entry["restarts"]) for entry in services.values()} == {("ready", 0)}
