from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.controlplane.in_flight import LOOKS, TasksInFlight
from harness.controlplane.starts import StartFiles
from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime


@dataclass
class Environment:
    """What a database, a queue and a clock would say."""

    home: Path
    queued: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    sent: list[set[str]] = field(default_factory=list)
    now: float = 0.0
    error: HarnessError | None = None

    def find_queued(self, _before: datetime) -> Collection[str]:
        if self.error:
            raise self.error
        return self.queued

    def send_again(self, celery_ids: Collection[str]) -> Collection[str]:
        self.sent.append(set(celery_ids))
        return celery_ids

    @property
    def postmaster(self) -> Path:
        return self.home.with_name("postmaster.pid")

    def worker_started(self, pid: int) -> None:
        self.home.mkdir(exist_ok=True)
        (self.home / "worker-ready.json").write_text(json.dumps({"pid": pid}), encoding="utf-8")

    def watch(self) -> TasksInFlight:
        return TasksInFlight(
            find_queued=self.find_queued,
            find_waiting=lambda: self.waiting,
            send_again=self.send_again,
            read_starts=StartFiles(
                {"worker": self.home, "scheduler": self.home.parent}, self.postmaster
            ).read,
            clock=lambda: self.now,
        )


def test_nothing_is_sent_while_nothing_happened(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"a"})
    tasks = environment.watch()
    environment.worker_started(1)
    for environment.now in range(100):
        tasks.look()
    assert environment.sent == []


def test_a_worker_that_may_have_lost_messages_says_so_by_younger_evidence(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"lost"})
    tasks = environment.watch()
    environment.worker_started(1)
    tasks.look()
    os.utime(environment.home / "worker-ready.json", (2**31, 2**31))
    for environment.now in range(100):
        tasks.look()
    assert environment.sent == [{"lost"}]


def test_queued_tasks_without_a_message_are_sent_once_after_a_loss(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"lost", "in the queue"}, waiting={"in the queue"})
    tasks = environment.watch()
    tasks.note("LocalStack was started anew")
    tasks.look()
    assert environment.sent == []
    for environment.now in range(200):
        tasks.look()
    assert environment.sent == [{"lost"}]


def test_a_worker_that_was_started_anew_is_noticed(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"held by the dead worker"})
    tasks = environment.watch()
    environment.worker_started(1)
    tasks.look()
    environment.worker_started(2)
    for environment.now in range(200):
        tasks.look()
    assert environment.sent == [{"held by the dead worker"}]


def test_ids_that_the_scheduler_writes_down_late_are_found_by_a_later_look(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker")
    tasks = environment.watch()
    tasks.note("loss")
    for environment.now in LOOKS[:3]:
        tasks.look()
    environment.queued = {"late"}
    for environment.now in LOOKS[3:5]:
        tasks.look()
    assert environment.sent == [{"late"}]


def test_a_task_that_a_worker_takes_up_meanwhile_is_not_sent(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"about to start"})
    tasks = environment.watch()
    tasks.note("loss")
    tasks.look()
    environment.queued = set()
    for environment.now in range(200):
        tasks.look()
    assert environment.sent == []


def test_a_database_that_is_away_is_asked_again(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"a"}, error=HarnessError("away"))
    tasks = environment.watch()
    tasks.note("loss")
    for environment.now in range(200):
        tasks.look()
    environment.error = None
    for environment.now in range(200, 202):
        tasks.look()
    assert environment.sent == [{"a"}]


def test_tasks_that_a_worker_took_up_while_the_database_was_away_are_sent_again(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "worker", queued={"lost"})
    tasks = environment.watch()
    for pid in (11, 12):
        environment.postmaster.write_text(f"{pid}\n/data/postgres\n", encoding="utf-8")
        tasks.look()
    for environment.now in LOOKS[:2]:
        tasks.look()
    assert environment.sent == [{"lost"}]
