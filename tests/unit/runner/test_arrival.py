from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.runner.arrival import Arrival
from harness.runner.metadata import KnownDag
from harness.runner.parse_report import ParsedDag, ParsedFile, ParseReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SYNCED = datetime(2024, 1, 1, tzinfo=timezone.utc)
_BEFORE, _AFTER = _SYNCED - timedelta(seconds=1), _SYNCED + timedelta(seconds=1)


@dataclass
class Scheduler:
    """What the scheduler keeps: when it parsed each DAG, and what it made of it."""

    parsed: dict[str, datetime] = field(default_factory=dict)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    questions: int = 0

    def known_dags(self, dag_ids: Sequence[str]) -> Mapping[str, KnownDag]:
        self.questions += 1
        return {
            dag_id: KnownDag(dag_id, is_paused=True, parsed_at=at, digest=str(self.kept.get(dag_id)))
            for dag_id, at in self.parsed.items()
            if dag_id in dag_ids
        }

    def serialized(self, dag_id: str) -> Mapping[str, Any] | None:
        return self.kept.get(dag_id)

    def import_errors(self) -> Mapping[str, str]:
        return self.errors


def _arrival(scheduler: Scheduler, synced: datetime | None = _SYNCED) -> Arrival:
    dag = ParsedDag("etl", (), (), (), {"tasks": ["new"]})
    report = ParseReport((ParsedFile(Path("etl.py"), (dag,)),))
    return Arrival(scheduler, report, lambda: synced)


def test_nothing_has_arrived_before_the_files_have() -> None:
    scheduler = Scheduler({"etl": _AFTER}, {"etl": {"tasks": ["new"]}})
    assert _arrival(scheduler, None).look(["etl"]) == {
        "etl": "the files have not reached every component yet"
    }


def test_a_dag_the_scheduler_does_not_know_has_not_arrived() -> None:
    assert _arrival(Scheduler()).look(["etl"]) == {"etl": "the scheduler has not parsed it yet"}


def test_a_dag_the_scheduler_cannot_import_says_so() -> None:
    text = "Traceback …\nKeyError: 'Variable colour does not exist'\n"
    scheduler = Scheduler(errors={"/airflow/dags/etl.py": text})
    (answer,) = _arrival(scheduler).look(["etl"]).values()
    assert answer == (
        "the scheduler cannot import /airflow/dags/etl.py: KeyError: 'Variable colour does not exist'"
    )


def test_an_older_version_has_not_arrived() -> None:
    scheduler = Scheduler({"etl": _BEFORE}, {"etl": {"tasks": ["old"]}})
    assert _arrival(scheduler).look(["etl"]) == {"etl": "the scheduler has an older version of it"}


def test_the_same_content_has_arrived_whenever_it_was_parsed_and_wherever_the_file_is() -> None:
    scheduler = Scheduler({"etl": _BEFORE}, {"etl": {"tasks": ["new"], "fileloc": "/elsewhere/etl.py"}})
    assert isinstance(_arrival(scheduler).look(["etl"])["etl"], KnownDag)


def test_a_dag_that_differs_at_every_parse_has_arrived_once_parsed_after_its_files() -> None:
    scheduler = Scheduler({"etl": _AFTER}, {"etl": {"tasks": ["new"], "start_date": 17.5}})
    assert isinstance(_arrival(scheduler).look(["etl"])["etl"], KnownDag)


def test_what_has_arrived_is_not_asked_for_again() -> None:
    scheduler = Scheduler({"etl": _AFTER}, {"etl": {"tasks": ["new"]}})
    arrival = _arrival(scheduler)
    arrival.look(["etl"])
    arrival.look(["etl"])
    assert scheduler.questions == 1
