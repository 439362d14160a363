"""Starts the runs of many cases within a limit and follows them all, in one thread with one query a turn."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from harness.errors import HarnessError
from harness.runner.cases import Case, Start
from harness.runner.run_state import RunKey, RunState, describe_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.runner.metadata import KnownDag

_INTERVAL = 0.075
ARRIVAL_SECONDS = 120.0
_DATASET_SECONDS = 20.0
_TRIGGERS_AT_ONCE = 4


class RunWriter(Protocol):
    """Creates and stops runs; `harness.runner.launching` does it through the REST API."""

    def launch(self, case: Case, key: RunKey, dags: Sequence[KnownDag]) -> None: ...
    def stop(self, key: RunKey) -> None: ...


class RunReader(Protocol):
    """Reads runs; `harness.runner.metadata` does it from the database."""

    def runs(self, keys: Sequence[RunKey]) -> Mapping[RunKey, RunState]: ...
    def dataset_runs(self, sources: Sequence[RunKey]) -> Mapping[RunKey, tuple[RunKey, ...]]: ...


class DagWatch(Protocol):
    """Says whether the scheduler has the present version of DAGs; `harness.runner.arrival` does."""

    def look(self, dag_ids: Sequence[str]) -> Mapping[str, KnownDag | str]: ...


@dataclass
class RunTicket:
    """One case under way. What it tells is complete once `done` is set.

    Attributes:
        case: what is run.
        key: the run; a run that a dataset update creates gets its key when it is there.
        needs: DAGs that must have arrived and be unpaused before it starts.
        sources: the runs whose dataset updates create this one.
        state: the run as last read.
        problem: why there is no final state.
        started_at: monotonic time of the trigger.
    """

    case: Case
    key: RunKey | None
    needs: tuple[str, ...]
    sources: tuple[RunTicket, ...] = ()
    state: RunState | None = None
    problem: str | None = None
    submitted_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    launch: Future[None] | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds(self) -> float | None:
        """From trigger to final state."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and not self.done.is_set()


class RunDriver:
    """Owns its thread from the first `submit` to `close`."""

    def __init__(
        self,
        *,
        writer: RunWriter,
        reader: RunReader,
        dags: DagWatch,
        concurrency: int,
        arrival_seconds: float = ARRIVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._dags = dags
        self._concurrency = concurrency
        self._arrival_seconds = arrival_seconds
        self._clock = clock
        self._tickets: list[RunTicket] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_closed = False
        self._executor = ThreadPoolExecutor(_TRIGGERS_AT_ONCE, thread_name_prefix="mwaa-trigger")
        self._thread: threading.Thread | None = None

    def submit(self, tickets: Sequence[RunTicket]) -> None:
        """Take over `tickets`; they start as slots become free, in this order."""
        now = self._clock()
        with self._lock:
            for ticket in tickets:
                ticket.submitted_at = now
            self._tickets.extend(tickets)
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="mwaa-runs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop what still runs and end the thread."""
        self._is_closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        for ticket in self._unfinished():
            self._give_up(ticket, "the session ended before the run did")
        self._executor.shutdown(wait=True)

    def _follow(self) -> None:
        try:
            while not self._is_closed:
                unfinished = self._unfinished()
                if unfinished:
                    self._turn_safely(unfinished)
                self._wake.wait(_INTERVAL if unfinished else None)
                self._wake.clear()
        finally:
            if not self._is_closed:  # nobody may wait for ever, whatever happened here
                for ticket in self._unfinished():
                    self._end(ticket, "following the runs stopped unexpectedly")

    def _turn_safely(self, tickets: Sequence[RunTicket]) -> None:
        try:
            self._turn(tickets)
        except HarnessError as error:
            for ticket in tickets:
                self._end(ticket, str(error))

    def _turn(self, tickets: Sequence[RunTicket]) -> None:
        self._start(tickets)
        self._find_dataset_runs(tickets)
        for ticket in tickets:
            if ticket.key is None and (reason := self._why_no_dataset_run(ticket)):
                self._end(ticket, reason)
        running = [ticket for ticket in tickets if ticket.is_running]
        states = self._reader.runs([ticket.key for ticket in running if ticket.key is not None])
        for ticket in running:
            if ticket.key is not None and ticket.key in states:
                ticket.state = states[ticket.key]
            self._judge(ticket)

    def _start(self, tickets: Sequence[RunTicket]) -> None:
        active = sum(ticket.is_running for ticket in tickets if not ticket.sources)
        waiting = [ticket for ticket in tickets if ticket.started_at is None and not ticket.sources]
        candidates = waiting[: max(self._concurrency - active, 0)]
        needed = sorted({dag_id for ticket in candidates for dag_id in ticket.needs})
        arrivals = self._dags.look(needed) if needed else {}
        for ticket in candidates:
            missing = [(dag, why) for dag in ticket.needs if isinstance(why := arrivals[dag], str)]
            if not missing:
                known = [dag for name in ticket.needs if not isinstance(dag := arrivals[name], str)]
                self._launch(ticket, known)
            elif self._clock() - ticket.submitted_at > self._arrival_seconds:
                reasons = "; ".join(f"{dag}: {why}" for dag, why in missing)
                self._end(
                    ticket,
                    f"not ready to run after {self._arrival_seconds:g} seconds: {reasons} "
                    "(why: mwaa-harness logs scheduler)",
                )
            else:
                continue

    def _launch(self, ticket: RunTicket, dags: Sequence[KnownDag]) -> None:
        if ticket.key is None:
            raise HarnessError(f"{ticket.case.label} has no run id")
        ticket.started_at = self._clock()
        ticket.launch = self._executor.submit(self._writer.launch, ticket.case, ticket.key, dags)

    def _find_dataset_runs(self, tickets: Sequence[RunTicket]) -> None:
        for ticket in tickets:
            if not ticket.sources:
                continue
            starts = [source.started_at for source in ticket.sources if source.started_at is not None]
            if ticket.started_at is None and len(starts) == len(ticket.sources):
                ticket.started_at = max(starts)
        searching = [
            ticket for ticket in tickets if ticket.is_running and ticket.sources and ticket.key is None
        ]
        if not searching:
            return
        keys = [source.key for ticket in searching for source in ticket.sources if source.key is not None]
        found = self._reader.dataset_runs(keys)
        for ticket in searching:
            created = [run for source in ticket.sources if source.key for run in found.get(source.key, ())]
            ticket.key = next((run for run in created if run.dag_id == ticket.case.dag_id), None)

    def _judge(self, ticket: RunTicket) -> None:
        if ticket.state is not None and ticket.state.is_final:
            self._end(ticket, None)
            return
        if ticket.launch is not None and ticket.launch.done() and (error := ticket.launch.exception()):
            if not isinstance(error, HarnessError):
                raise error
            self._end(ticket, str(error))
            return
        elapsed = self._clock() - (ticket.started_at or 0.0)
        if elapsed > ticket.case.timeout:
            tasks = describe_tasks(ticket.state.tasks) if ticket.state else "the run is not there"
            self._give_up(ticket, f"not finished after {ticket.case.timeout:g} seconds: {tasks}")

    def _why_no_dataset_run(self, ticket: RunTicket) -> str | None:
        """Why a dataset update can no longer create the run, once that is certain."""
        for source in ticket.sources:
            if source.done.is_set() and (source.state is None or source.state.state != "success"):
                reason = (
                    source.problem or f"its run ended in {source.state.state if source.state else 'nothing'}"
                )
                return f"no dataset update came from {source.case.label}: {reason}"
        ends = [source.ended_at for source in ticket.sources if source.ended_at is not None]
        if len(ends) == len(ticket.sources) and self._clock() - max(ends) > _DATASET_SECONDS:
            names = ", ".join(source.case.label for source in ticket.sources)
            return f"the dataset updates of {names} created no run within {_DATASET_SECONDS:g} seconds"
        return None

    def _give_up(self, ticket: RunTicket, problem: str) -> None:
        if ticket.started_at is not None and ticket.key is not None:
            self._executor.submit(self._writer.stop, ticket.key)
        self._end(ticket, problem)

    def _end(self, ticket: RunTicket, problem: str | None) -> None:
        ticket.problem = problem
        ticket.ended_at = self._clock()
        ticket.done.set()

    def _unfinished(self) -> list[RunTicket]:
        with self._lock:
            return [ticket for ticket in self._tickets if not ticket.done.is_set()]


def make_tickets(
    cases: Sequence[Case],
    *,
    name_run: Callable[[Case], str],
    producers: Callable[[str], Sequence[Case]],
) -> tuple[list[RunTicket], list[RunTicket]]:
    """Tickets for `cases`, in their order, and further ones whose runs only update datasets for them.

    Args:
        cases: what is to run.
        name_run: gives a case its run id.
        producers: for a DAG that waits for datasets, one case of each DAG that updates them.
    """
    triggered = {
        case.label: RunTicket(case, RunKey(case.dag_id, name_run(case)), (case.dag_id,))
        for case in cases
        if case.start is Start.TRIGGER
    }
    extra: dict[str, RunTicket] = {}
    tickets: list[RunTicket] = []
    for case in cases:
        if case.start is Start.TRIGGER:
            tickets.append(triggered[case.label])
            continue
        sources = []
        for producer in producers(case.dag_id):
            source = triggered.get(producer.label) or extra.get(producer.label)
            if source is None:
                source = RunTicket(producer, RunKey(producer.dag_id, name_run(producer)), (producer.dag_id,))
                extra[producer.label] = source
            source.needs = (*source.needs, case.dag_id)
            sources.append(source)
        tickets.append(RunTicket(case, None, (), tuple(sources)))
    return tickets, list(extra.values())
