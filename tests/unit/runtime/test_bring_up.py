from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.events import Event, StepFailed, StepFinished, StepStarted, ignore_events
from harness.runtime.backend import Endpoints
from harness.runtime.bring_up import BringUp, Order
from harness.runtime.readiness import Evidence
from harness.waiting import Answer, NotYet, Ready

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.runtime.services import Role, Service
    from harness.runtime.supervisor import ProcessInfo
    from tests.unit.runtime.conftest import Stand

SLEEP = "exec sleep 600"
NOWHERE = Endpoints("", "", "", "", "", "", "", "")


def always_ready(role: Role, info: ProcessInfo, rank: int, evidence: Evidence) -> Answer:  # noqa: ARG001
    return Ready(f"{info.name} of rank {rank}")


def never_ready(role: Role, info: ProcessInfo, rank: int, evidence: Evidence) -> Answer:  # noqa: ARG001
    return NotYet("it still thinks")


def bring_up(
    stand: Stand,
    services: Mapping[str, Service],
    probe: Callable[[Role, ProcessInfo, int, Evidence], Answer] = always_ready,
    events: Callable[[Event], None] = ignore_events,
    *,
    gates: Mapping[str, Callable[[], None]] | None = None,
    order: Order = Order.BY_NEEDS,
) -> BringUp:
    return BringUp(
        stand.supervisor,
        list(services.values()),
        frozenset(services),
        Evidence(NOWHERE, stand.site.state.run, {}),
        stand.logs,
        events,
        stand.site.state.run / "go",
        order,
        gates or {},
        probe,
    )


def test_dependants_start_after_what_they_need_is_ready(stand: Stand) -> None:
    services = stand.launch({"postgres": SLEEP, "scheduler": SLEEP})
    services["scheduler"] = replace(services["scheduler"], depends_on=("postgres",))
    heard: list[Event] = []

    bring_up(stand, services, events=heard.append).run(30)

    steps = [(type(event), event.step) for event in heard if isinstance(event, (StepStarted, StepFinished))]
    assert steps == [
        (StepStarted, "postgres"),
        (StepFinished, "postgres"),
        (StepStarted, "scheduler"),
        (StepFinished, "scheduler"),
    ]


def test_held_services_start_at_once_and_are_let_go_when_their_needs_are_ready(stand: Stand) -> None:
    go = stand.site.state.run / "go"
    hold = f"while [ ! -e '{go}' ]; do sleep 0.05; done; echo gone; {SLEEP}"
    services = stand.launch({"postgres": SLEEP, "scheduler": hold})
    services["scheduler"] = replace(services["scheduler"], depends_on=("postgres",))
    seen: list[tuple[str, bool]] = []

    def probe(role: Role, info: ProcessInfo, rank: int, evidence: Evidence) -> Answer:
        seen.append((info.name, go.exists()))
        if len(seen) < 3:
            return NotYet("wait")
        return always_ready(role, info, rank, evidence)

    bring_up(stand, services, probe, order=Order.AT_ONCE).run(30)

    assert seen == [("postgres", False)] * 3 + [("scheduler", True)]
    assert go.exists()


def test_a_gate_is_passed_before_dependants_start(stand: Stand) -> None:
    services = stand.launch({"postgres": SLEEP, "scheduler": SLEEP})
    services["scheduler"] = replace(services["scheduler"], depends_on=("postgres",))
    running_at_the_gate: list[bool] = []

    def gate() -> None:
        running_at_the_gate.append(stand.supervisor.processes()["scheduler"].is_alive)

    bring_up(stand, services, gates={"postgres": gate}).run(30)

    assert running_at_the_gate == [False]


def test_a_service_may_be_started_anew_behind_its_gate(stand: Stand) -> None:
    services = stand.launch({"postgres": SLEEP})

    def gate() -> None:
        stand.supervisor.stop([services["postgres"]])
        stand.supervisor.start("postgres")

    bring_up(stand, services, gates={"postgres": gate}).run(30)

    assert stand.supervisor.processes()["postgres"].is_alive


def test_a_gate_that_fails_is_the_error(stand: Stand) -> None:
    services = stand.launch({"postgres": SLEEP})

    def gate() -> None:
        raise HarnessError("no tables")

    with pytest.raises(HarnessError, match="no tables"):
        bring_up(stand, services, gates={"postgres": gate}).run(30)


def test_a_service_that_dies_is_named_at_once_with_the_end_of_its_log(stand: Stand) -> None:
    services = stand.launch({"postgres": SLEEP, "webserver": "echo the port is taken; exit 3"})
    heard: list[Event] = []

    with pytest.raises(HarnessError, match="webserver ended") as caught:
        bring_up(stand, services, never_ready, heard.append).run(60)

    assert "exit status 3" in caught.value.message
    assert caught.value.evidence[-1] == "the port is taken"
    assert [event.step for event in heard if isinstance(event, StepFailed)] == ["webserver"]


def test_what_is_late_is_named_with_the_reason(stand: Stand) -> None:
    services = stand.launch({"scheduler": SLEEP})

    with pytest.raises(HarnessError, match=r"scheduler was not ready within 1 seconds: it still thinks"):
        bring_up(stand, services, never_ready).run(1)


def test_what_runs_already_is_left_alone(stand: Stand) -> None:
    services = stand.launch({"scheduler": SLEEP, "worker": SLEEP})
    stand.supervisor.start("scheduler")
    before = stand.supervisor.processes()["scheduler"].pid
    run = bring_up(stand, services)

    run.run(30)

    assert stand.supervisor.processes()["scheduler"].pid == before
    assert [service.name for service in run.started] == ["worker"]


def test_services_are_asked_side_by_side(stand: Stand) -> None:
    services = stand.launch({"scheduler": SLEEP, "worker": SLEEP})
    together = threading.Barrier(2)

    def probe(role: Role, info: ProcessInfo, rank: int, evidence: Evidence) -> Answer:
        together.wait(timeout=30)
        return always_ready(role, info, rank, evidence)

    bring_up(stand, services, probe).run(60)


def test_several_of_one_role_are_told_how_many_must_be_ready(stand: Stand) -> None:
    services = stand.launch({"scheduler-1": SLEEP, "scheduler-2": SLEEP})
    heard: list[Event] = []

    bring_up(stand, services, events=heard.append).run(30)

    details = {event.detail for event in heard if isinstance(event, StepFinished)}
    assert "scheduler-2 of rank 2" in details
