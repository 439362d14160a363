"""Decides whether the scheduler has the DAGs as they are in the working tree now.

A run that starts earlier would run yesterday's code and pass. So: every component has the files, and the
scheduler keeps of the DAG what parsing the same file gives here. A DAG that is different at every parse
(a date of now in it) can never be equal; for it, a parse after the files arrived is enough.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from harness.runner.parse_report import without_places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from harness.runner.metadata import KnownDag
    from harness.runner.parse_report import ParseReport


class KnownDags(Protocol):
    """What the scheduler knows; `harness.runner.metadata` reads it."""

    def known_dags(self, dag_ids: Sequence[str]) -> Mapping[str, KnownDag]: ...
    def serialized(self, dag_id: str) -> Mapping[str, Any] | None: ...
    def import_errors(self) -> Mapping[str, str]: ...


class Arrival:
    """Asked again and again until nothing is missing; remembers what has arrived.

    Args:
        dags: what the scheduler knows.
        report: what parsing the working tree gave.
        synced_at: when the newest file of the tree reached the components; None while some have not.
    """

    def __init__(
        self, dags: KnownDags, report: ParseReport, synced_at: Callable[[], datetime | None]
    ) -> None:
        self._dags = dags
        self._wanted = {dag.dag_id: dag.serialized for dag in report.dags()}
        self._files = {dag.dag_id: file.path.name for file in report.files for dag in file.dags}
        self._synced_at = synced_at
        self._synced: datetime | None = None
        self._different: set[tuple[str, str]] = set()
        self._arrived: dict[str, KnownDag] = {}

    def look(self, dag_ids: Sequence[str]) -> Mapping[str, KnownDag | str]:
        """For each DAG what the scheduler has, or in words why it cannot run yet."""
        pending = [dag_id for dag_id in dag_ids if dag_id not in self._arrived]
        answers: dict[str, KnownDag | str] = {}
        if pending:
            self._synced = self._synced or self._synced_at()
            known = self._dags.known_dags(pending)
            for dag_id in pending:
                answers[dag_id] = self._judge(dag_id, known.get(dag_id))
        for dag_id, answer in answers.items():
            if not isinstance(answer, str):
                self._arrived[dag_id] = answer
        return {dag_id: self._arrived.get(dag_id) or answers[dag_id] for dag_id in dag_ids}

    def _judge(self, dag_id: str, known: KnownDag | None) -> KnownDag | str:
        if self._synced is None:
            return "the files have not reached every component yet"
        if known is None:
            return self._why_unknown(dag_id)
        if self._is_equal(known):
            return known
        if known.parsed_at is not None and known.parsed_at > self._synced:
            return known
        return "the scheduler has an older version of it"

    def _why_unknown(self, dag_id: str) -> str:
        """The scheduler's own words, when it could not import a file of that name."""
        for path, traceback in self._dags.import_errors().items():
            if PurePath(path).name == self._files.get(dag_id):
                return f"the scheduler cannot import {path}: {traceback.strip().splitlines()[-1]}"
        return "the scheduler has not parsed it yet"

    def _is_equal(self, known: KnownDag) -> bool:
        if (known.dag_id, known.digest) in self._different:
            return False
        serialized = self._dags.serialized(known.dag_id)
        if serialized is not None and without_places(serialized) == self._wanted.get(known.dag_id):
            return True
        self._different.add((known.dag_id, known.digest))
        return False
