"""What runs beside an Airflow component in its container: brings its files, and tells how it is.

The files come from the source bucket as on MWAA: plugins, requirements and startup script once, in the
versions that the environment runs with; DAGs continuously. A container shares no folder with any other.
"""

from __future__ import annotations

import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.container.probes import probe
from harness.controlplane.artefacts import PLUGINS, REQUIREMENTS, STARTUP, PinnedArtefacts
from harness.controlplane.aws import Aws, MissingError, StorageError, StorageUnreachableError
from harness.controlplane.bucket_layout import bucket_layout
from harness.controlplane.component_folder import ComponentFolder
from harness.controlplane.dag_sync import DagSync
from harness.controlplane.ledger import Ledger
from harness.controlplane.pins import Pins
from harness.controlplane.source_bucket import SourceBucket
from harness.errors import HarnessError
from harness.runtime.compose import places
from harness.runtime.compose.board import Board, BoardMissingError, BoardUnreachableError, Report
from harness.runtime.compose.facts import MIGRATED, ROLES
from harness.runtime.compose.situation import INPUTS
from harness.runtime.services import Role
from harness.waiting import NotYet, Ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.controlplane.source_bucket import ObjectVersion
    from harness.runtime.compose.situation import Situation

_log = logging.getLogger(__name__)

_TELL_EVERY = 2.0
_HURRY = 0.2  # seconds between turns until the component may go
_THREADS = 4


class PinnedVersions:
    """The source bucket with each artefact in its pinned version; what is not pinned is not there."""

    def __init__(self, bucket: SourceBucket, versions: Mapping[str, str]) -> None:
        self._bucket = bucket
        self._versions = versions

    def download(self, key: str, target: Path) -> ObjectVersion:
        if key not in self._versions:
            raise MissingError(f"{key} is not part of this environment")
        return self._bucket.download(key, target, self._versions[key])

    def put(self, key: str, content: bytes | Path) -> ObjectVersion:
        raise NotImplementedError(f"{key}: only the control plane writes, {type(content).__name__} or not")


class FileSync:
    """Keeps the component's folders as the bucket says."""

    def __init__(self, situation: Situation, role: Role, executor: ThreadPoolExecutor) -> None:
        endpoints, settings = situation.endpoints, situation.settings
        aws = Aws(endpoints.aws_endpoint_url, endpoints.region, settings.local.account_id)
        self._layout = bucket_layout(settings.environment)
        self._bucket = SourceBucket(aws, endpoints.bucket)
        self._pins = Pins(self._bucket, self._layout)
        self._source = places.RUN / "source"
        self.ledger = Ledger()
        home = places.AIRFLOW_HOME
        mirror = self._source / "dags"
        mirror.mkdir(parents=True, exist_ok=True)
        shows_dags = role is not Role.WEBSERVER  # it shows serialized DAGs from the database (facts 3.3)
        self._dags = DagSync(
            bucket=self._bucket,
            prefix=self._layout.dags,
            mirror=mirror,
            ledger=self.ledger,
            folders=[ComponentFolder(home, "dags", mirror)] if shows_dags else [],
            executor=executor,
            copy_known=lambda *_: False,
        )
        self._dags.reconcile()
        self.has_artefacts = places.ARTEFACTS_MARK.exists()
        self.dags_at: datetime | None = None

    def turn(self) -> bool:
        """Bring what is new; whether the DAGs folder is as the bucket has it.

        Raises:
            StorageError: the bucket cannot be read now.
        """
        versions = self._pins.read()
        if versions is None:
            return False
        if not self.has_artefacts:
            self._bring_artefacts(versions)
        report = self._dags.sync()
        if report.changed or report.removed:
            _log.info("DAG files: %d new or changed, %d removed", len(report.changed), len(report.removed))
        if report.changed or report.removed or self.dags_at is None:
            self.dags_at = datetime.now(timezone.utc)
        return True

    def _bring_artefacts(self, versions: Mapping[str, str]) -> None:
        artefacts = PinnedArtefacts(
            PinnedVersions(self._bucket, versions), self._layout, Ledger(), self._source
        )
        artefacts.pin("start")
        for name in (PLUGINS, REQUIREMENTS, STARTUP):
            ComponentFolder(places.AIRFLOW_HOME, name, artefacts.mirror(name)).fill()
        places.ARTEFACTS_MARK.touch()
        self.has_artefacts = True


class Companion:
    """Works until its container ends."""

    def __init__(self, situation: Situation, role: Role) -> None:
        self._situation = situation
        self._role = role
        self._files = FileSync(situation, role, ThreadPoolExecutor(_THREADS, thread_name_prefix="transfer"))
        inputs = situation.environ.get(INPUTS, "") if role is Role.WEBSERVER else ""
        self._bulletin = Bulletin(situation.endpoints.database_dsn, role, inputs)
        self._has_dags = False
        self._problem = ""

    def run(self) -> None:
        interval = self._situation.settings.local.sync_interval
        due = 0.0
        while True:
            now = time.monotonic()
            if now >= due:
                due = now + (interval if self._has_dags else _HURRY)
                self._sync()
            self._bulletin.turn(self._files.ledger.synced, self._files.dags_at)
            self._let_go()
            time.sleep(_HURRY if not places.GO_FILE.exists() else min(interval, _TELL_EVERY) / 2)

    def _sync(self) -> None:
        problem = ""
        try:
            self._has_dags = self._files.turn() or self._has_dags
        except (StorageUnreachableError, MissingError) as error:
            problem = f"waiting for the source bucket: {error}"
        except (StorageError, OSError) as error:
            problem = f"the source bucket cannot be followed: {error}"
        if problem != self._problem and (problem or self._has_dags):
            _log.info("%s", problem or "the source bucket answers")
        self._problem = problem

    def _let_go(self) -> None:
        """The component has its files, the database is prepared: it may begin."""
        if not places.GO_FILE.exists() and self._has_dags and self._bulletin.is_prepared():
            places.GO_FILE.touch()


class Bulletin:
    """Asks now and then how the service is; tells it to the health check and to the board."""

    def __init__(self, dsn: str, role: Role, ready_inputs: str = "") -> None:
        """`ready_inputs` are noted once the service is ready."""
        self._dsn = dsn
        self._ready_inputs = ready_inputs
        self._role = role
        self._board = Board(dsn)
        self._due = 0.0
        self._is_first = True
        self._told_at: datetime | None = None
        self._is_prepared = False
        self._problem = ""

    def turn(self, dags: Mapping[str, str], dags_at: datetime | None) -> None:
        """Tell, when it is time to."""
        now = time.monotonic()
        if now < self._due and dags_at == self._told_at:
            return
        self._due = now + _TELL_EVERY
        finding = probe(self._role, self._dsn)
        answer = finding.answer
        evidence = answer.evidence if isinstance(answer, Ready) else None
        show_evidence(evidence)
        report = Report(
            host=socket.gethostname(),
            role=self._role.value,
            service_started=finding.service_started,
            evidence=evidence,
            reason=answer.reason if isinstance(answer, NotYet) else None,
            dags=dags if dags_at != self._told_at else None,
            dags_at=dags_at,
            is_first=self._is_first,
        )
        try:
            self._board.tell(report)
            if evidence and self._ready_inputs:
                self._board.note(ROLES, self._ready_inputs)
                self._ready_inputs = ""
        except (BoardMissingError, BoardUnreachableError) as error:
            self._note(error.message)  # told again soon
            return
        self._note("")
        self._is_first = False
        self._told_at = dags_at

    def _note(self, problem: str) -> None:
        if problem != self._problem and not self._is_first:
            _log.info("%s", problem or "the database answers")
        self._problem = problem

    def is_prepared(self) -> bool:
        """Whether the database holds what Airflow needs."""
        if not self._is_prepared:
            try:
                self._is_prepared = self._board.fact(MIGRATED) is not None
            except HarnessError:
                return False
        return self._is_prepared


def show_evidence(evidence: str | None) -> None:
    """What `/entrypoint health` looks at: the file's age and its text."""
    if evidence is None:
        places.EVIDENCE.unlink(missing_ok=True)
        return
    places.RUN.mkdir(exist_ok=True)
    partial = places.EVIDENCE.with_suffix(".partial")
    partial.write_text(evidence + "\n", encoding="utf-8")
    partial.replace(places.EVIDENCE)
