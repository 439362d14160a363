"""The control plane's loop: publish on save, sync on time, restore after a loss."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.controlplane.artefacts import PinnedArtefacts
from harness.controlplane.aws import MissingError, StorageError, StorageUnreachableError
from harness.controlplane.component_folder import ComponentFolder
from harness.controlplane.dag_sync import DagSync
from harness.controlplane.in_flight import TasksInFlight
from harness.controlplane.ledger import Ledger, LedgerFile
from harness.controlplane.pins import Pins
from harness.controlplane.publish import Publisher
from harness.controlplane.readiness import write_readiness
from harness.controlplane.restore import BucketRestorer
from harness.controlplane.source_bucket import SourceBucket
from harness.controlplane.task_queue import TaskQueue

if TYPE_CHECKING:
    from harness.controlplane.dag_sync import SyncReport
    from harness.controlplane.doorbell import Doorbell

_log = logging.getLogger(__name__)

EAGER_UP_TO = 5.0  # seconds; a longer sync_interval asks for MWAA's pace, so a save does not hurry the sync
_PROBE_EVERY = 1.0  # seconds between looks at LocalStack and at workers
_PROBE_QUEUE_EVERY = 5.0
_RETRY_EVERY = 0.1
_RESCAN_EVERY = 5.0  # a look at the tree even without notice: network file systems send none


@dataclass(frozen=True)
class Parts:
    """The collaborators of one control plane; `generation` names this start of the environment."""

    bucket: SourceBucket
    queue: TaskQueue
    publisher: Publisher
    dags: DagSync
    artefacts: PinnedArtefacts
    artefact_folders: Sequence[ComponentFolder]
    restorer: BucketRestorer
    ledger: Ledger
    ledger_file: LedgerFile
    run_folder: Path
    sync_interval: float
    generation: str
    in_flight: TasksInFlight
    executor: Executor
    pins: Pins


class ControlPlane:
    """Keeps bucket, queue and components' folders as they should be until the doorbell says stop."""

    def __init__(self, parts: Parts, doorbell: Doorbell) -> None:
        self._parts = parts
        self._doorbell = doorbell
        self._is_ready = False
        self._is_established = False
        self._is_silent = False
        self._due_scan = self._due_sync = self._due_probe = self._due_queue = 0.0
        self._listed = 0.0
        self._looking: Future[None] | None = None

    def run(self) -> None:
        while not self._doorbell.is_stopped:
            if self._doorbell.wait(self._turn()):
                self._due_scan = 0.0

    def _turn(self) -> float:
        """Do what is due; the seconds until the next is. Errors of LocalStack and disk are waited out."""
        try:
            if not self._is_established:
                self._establish()
            self._work()
        except MissingError as error:
            _log.warning("bucket or queue lost: %s", error)
            self._is_established = False
            return 0.0
        except StorageUnreachableError as error:
            if not self._is_silent:
                level = logging.WARNING if self._is_ready else logging.INFO
                _log.log(level, "waiting for LocalStack: %s", error)
            self._is_silent = True
            self._is_established = False
            return _RETRY_EVERY
        except StorageError as error:
            _log.error("LocalStack refused a request: %s", error)
            return _PROBE_EVERY
        except OSError as error:
            _log.error("cannot keep what was synced: %s", error)
            return _PROBE_EVERY
        return max(min(self._due_scan, self._due_sync, self._due_probe) - time.monotonic(), 0.0)

    def _establish(self) -> None:
        """Make bucket and queue whole again, whatever is left of them."""
        parts = self._parts
        parts.dags.reconcile()
        parts.queue.create()  # first: a worker or scheduler that asks for a queue which is not there gives up
        if self._is_silent:
            _log.info("LocalStack answers")
            self._is_silent = False
        if not parts.bucket.is_complete():
            parts.bucket.create()
            if parts.ledger.generation == parts.generation:
                parts.restorer.restore_everything()
            else:
                parts.restorer.restore_hand_put()
            parts.publisher.publish()
            parts.bucket.mark_complete()
            if self._is_ready:
                self._announce()  # restored artefacts have new version ids
            parts.in_flight.note("LocalStack was started anew" if self._is_ready else "start")
        self._is_established = True
        self._due_scan = self._due_sync = 0.0

    def _work(self) -> None:
        parts = self._parts
        now = time.monotonic()
        if now >= self._due_scan:
            self._due_scan = now + _RESCAN_EVERY
            if parts.publisher.publish().is_change and parts.sync_interval <= EAGER_UP_TO:
                self._due_sync = 0.0
            parts.ledger_file.save(parts.ledger)
        if not self._is_ready:
            parts.artefacts.pin(parts.generation)
            for folder in parts.artefact_folders:
                folder.fill()
        if now >= self._due_sync:
            self._due_sync = now + parts.sync_interval
            self._listed = now
            self._report(parts.dags.sync())
        if now >= self._due_probe:
            self._due_probe = now + _PROBE_EVERY
            self._look_after_tasks()
            if now - self._listed > _PROBE_EVERY and not parts.bucket.exists():
                raise MissingError(f"there is no bucket {parts.bucket.name}")
        if now >= self._due_queue:
            self._due_queue = now + _PROBE_QUEUE_EVERY
            if not parts.queue.exists():
                parts.in_flight.note("the queue was lost")
                raise MissingError(f"there is no queue {parts.queue.name}")
        parts.ledger_file.save(parts.ledger)

    def _look_after_tasks(self) -> None:
        """Start a look in the background, unless the last one still goes on; its surprises come up here."""
        if self._looking is None or self._looking.done():
            if self._looking is not None:
                self._looking.result()
            self._looking = self._parts.executor.submit(self._parts.in_flight.look)

    def _report(self, report: SyncReport) -> None:
        if report.changed:
            _log.info("synced to components: %s", ", ".join(report.changed[:5]) + _rest(report.changed))
        if report.removed:
            _log.info("removed from components: %s", ", ".join(report.removed[:5]) + _rest(report.removed))
        if report.changed or report.removed or not self._is_ready:
            self._announce()
        if not self._is_ready:
            self._is_ready = True
            _log.info("ready: %d DAG files", len(self._parts.ledger.synced))

    def _announce(self) -> None:
        parts = self._parts
        parts.pins.write(parts.artefacts.versions())
        write_readiness(parts.run_folder, parts.artefacts.versions(), len(parts.ledger.synced))


def _rest(paths: tuple[str, ...], shown: int = 5) -> str:
    return f" and {len(paths) - shown} more" if len(paths) > shown else ""
