from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.runner.cases import Case, Start
from harness.runner.driver import RunDriver, make_tickets
from harness.runner.metadata import KnownDag
from harness.runner.run_state import RunKey, RunState, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.runner.driver import RunTicket


def _known(dag_id: str) -> KnownDag:
    return KnownDag(dag_id, is_paused=False, parsed_at=None, digest="x")


@dataclass
class World:
    """An Airflow that does at once what it is told: each launched run is in the state `outcomes` gives it."""

    outcomes: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    launched: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    refused: dict[str, HarnessError] = field(default_factory=dict)
    consumers: dict[str, str] = field(default_factory=dict)
    most_at_once: int = 0
    states: dict[RunKey, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    now: float = 0.0

    def launch(self, case: Case, key: RunKey, dags: Sequence[KnownDag]) -> None:
        assert case.dag_id in {dag.dag_id for dag in dags}
        with self.lock:
            self.launched.append(case.label)
            if key.dag_id in self.refused:
                raise self.refused[key.dag_id]
            self.states[key] = self.outcomes.get(key.dag_id, "success")
            running = [each for each in self.states.values() if each == "running"]
            self.most_at_once = max(self.most_at_once, len(running))

    def stop(self, key: RunKey) -> None:
        self.stopped.append(key.dag_id)

    def runs(self, keys: Sequence[RunKey]) -> Mapping[RunKey, RunState]:
        with self.lock:
            return {
                key: RunState(key, state, (TaskState("only", -1, state, 1),))
                for key, state in self.states.items()
                if key in keys
            }

    def dataset_runs(self, sources: Sequence[RunKey]) -> Mapping[RunKey, tuple[RunKey, ...]]:
        created = {}
        for source in sources:
            consumer = self.consumers.get(source.dag_id)
            if consumer is not None and self.states.get(source) == "success":
                key = RunKey(consumer, f"dataset_triggered__{source.run_id}")
                self.states.setdefault(key, self.outcomes.get(consumer, "success"))
                created[source] = (key,)
        return created

    def look(self, dag_ids: Sequence[str]) -> Mapping[str, KnownDag | str]:
        self.now += 1.0  # time passes by looking
        return {dag_id: self.reasons.get(dag_id) or _known(dag_id) for dag_id in dag_ids}

    def clock(self) -> float:
        return self.now


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def driver(world: World) -> Iterator[RunDriver]:
    driver = RunDriver(
        writer=world, reader=world, dags=world, concurrency=2, clock=world.clock, arrival_seconds=20
    )
    yield driver
    driver.close()


def _tickets(cases: Sequence[Case], producers: Mapping[str, Sequence[Case]] | None = None) -> list[RunTicket]:
    """All tickets: those of `cases` first, then the ones that only update datasets."""
    tickets, extra = make_tickets(
        cases, name_run=lambda case: f"test__{case.name}", producers=lambda dag_id: (producers or {})[dag_id]
    )
    return [*tickets, *extra]


def _finish(driver: RunDriver, tickets: Sequence[RunTicket]) -> None:
    driver.submit(tickets)
    for ticket in tickets:
        assert ticket.done.wait(20), f"{ticket.case.label} never ended"


def test_every_run_is_launched_once_and_followed_to_its_end(driver: RunDriver, world: World) -> None:
    world.outcomes = {"bad": "failed"}
    tickets = _tickets([Case("good"), Case("bad"), Case("good", "again")])
    _finish(driver, tickets)
    assert sorted(world.launched) == ["bad", "good", "good[again]"]
    assert [ticket.state.state for ticket in tickets if ticket.state] == ["success", "failed", "success"]
    assert [ticket.problem for ticket in tickets] == [None, None, None]


def test_no_more_runs_than_allowed_are_under_way(driver: RunDriver, world: World) -> None:
    world.outcomes = dict.fromkeys("abcde", "running")
    tickets = _tickets([Case(name, timeout=1e9) for name in "abcde"])
    driver.submit(tickets)
    done = 0
    while done < len(tickets):
        with world.lock:
            for key, state in list(world.states.items()):
                if state == "running":
                    world.states[key] = "success"
        done = sum(ticket.done.wait(0.01) for ticket in tickets)
    assert world.most_at_once <= 2


def test_a_run_over_its_time_is_stopped_and_tells_its_tasks(driver: RunDriver, world: World) -> None:
    world.outcomes = {"slow": "running"}
    world.reasons = {"never": "the scheduler has not parsed it yet"}  # its waiting lets time pass
    tickets = _tickets([Case("slow", timeout=5), Case("never")])
    _finish(driver, tickets)
    assert tickets[0].problem == "not finished after 5 seconds: only running"
    driver.close()
    assert world.stopped == ["slow"]


def test_a_dag_that_never_arrives_says_why(driver: RunDriver, world: World) -> None:
    world.reasons = {"late": "the scheduler has not parsed it yet"}
    tickets = _tickets([Case("late")])
    _finish(driver, tickets)
    assert tickets[0].problem == (
        "not ready to run after 20 seconds: late: the scheduler has not parsed it yet "
        "(why: mwaa-harness logs scheduler)"
    )
    assert world.launched == []


def test_a_refused_trigger_fails_its_case_alone(driver: RunDriver, world: World) -> None:
    world.refused = {"bad": HarnessError("triggering bad failed: 400")}
    world.outcomes = {}
    tickets = _tickets([Case("bad"), Case("good")])
    _finish(driver, tickets)
    assert [ticket.problem for ticket in tickets] == ["triggering bad failed: 400", None]


def test_a_dataset_update_by_a_tested_producer_starts_the_consumer(driver: RunDriver, world: World) -> None:
    world.consumers = {"producer": "consumer"}
    producer = Case("producer")
    tickets = _tickets([Case("consumer", start=Start.DATASET), producer], {"consumer": [producer]})
    assert len(tickets) == 2
    _finish(driver, tickets)
    assert world.launched == ["producer"]
    assert [ticket.problem for ticket in tickets] == [None, None]


def test_a_producer_that_is_not_tested_is_run_for_its_consumer(driver: RunDriver, world: World) -> None:
    world.consumers = {"producer": "consumer"}
    tickets = _tickets([Case("consumer", start=Start.DATASET)], {"consumer": [Case("producer")]})
    assert [ticket.case.label for ticket in tickets] == ["consumer", "producer"]
    _finish(driver, tickets)
    assert tickets[0].state is not None
    assert tickets[0].state.key.run_id.startswith("dataset_triggered__")


def test_a_consumer_fails_at_once_when_its_producer_does(driver: RunDriver, world: World) -> None:
    world.outcomes = {"producer": "failed"}
    tickets = _tickets([Case("consumer", start=Start.DATASET)], {"consumer": [Case("producer")]})
    _finish(driver, tickets)
    assert tickets[0].problem == "no dataset update came from producer: its run ended in failed"


def test_the_consumer_must_have_arrived_before_its_producer_runs() -> None:
    tickets = _tickets([Case("consumer", start=Start.DATASET)], {"consumer": [Case("producer")]})
    assert tickets[1].needs == ("producer", "consumer")


def test_closing_ends_what_still_runs(driver: RunDriver, world: World) -> None:
    world.outcomes = {"slow": "running"}
    tickets = _tickets([Case("slow", timeout=1e9)])
    driver.submit(tickets)
    while tickets[0].state is None:
        tickets[0].done.wait(0.01)
    driver.close()
    assert tickets[0].problem == "the session ended before the run did"
    assert world.stopped == ["slow"]


def test_a_reader_that_fails_ends_every_wait() -> None:
    class Broken(World):
        def runs(self, keys: Sequence[RunKey]) -> Mapping[RunKey, RunState]:
            raise HarnessError(f"the database is gone, {len(keys)} runs are lost")

    world = Broken()
    driver = RunDriver(writer=world, reader=world, dags=world, concurrency=2, clock=world.clock)
    tickets = _tickets([replace(Case("a"), timeout=1e9)])
    _finish(driver, tickets)
    driver.close()
    assert tickets[0].problem == "the database is gone, 1 runs are lost"
