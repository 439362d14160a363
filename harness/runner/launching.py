"""Creates one run through the REST API: unpaused DAGs, a free logical date, never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from harness.errors import HarnessError
from harness.runner.run_state import FINAL_RUN_STATES, RunKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from harness.runner.cases import Case
    from harness.runner.metadata import KnownDag

RUN_PREFIX = "test__"


class RunApi(Protocol):
    """What of the REST API is needed; `harness.runner.airflow_api` is it."""

    def trigger(self, key: RunKey, conf: Mapping[str, Any], logical_date: datetime | None) -> None: ...
    def delete_run(self, key: RunKey) -> None: ...
    def fail_run(self, key: RunKey) -> None: ...
    def unpause(self, dag_id: str) -> None: ...


class Launcher:
    """Launches runs; tells `note_unpaused` which DAGs it unpaused, before it does.

    Args:
        api: where runs are created.
        run_at: the run of a DAG's logical date, and its state.
        note_unpaused: remembers DAGs whose pause must be restored.
    """

    def __init__(
        self,
        api: RunApi,
        run_at: Callable[[str, datetime], tuple[RunKey, str] | None],
        note_unpaused: Callable[[str], None],
    ) -> None:
        self._api = api
        self._run_at = run_at
        self._note_unpaused = note_unpaused

    def launch(self, case: Case, key: RunKey, dags: Sequence[KnownDag]) -> None:
        """Create the run `key` of `case` once `dags` are unpaused.

        Raises:
            HarnessError: the API refuses, or the logical date belongs to a run that is not a test's.
        """
        if case.logical_date is not None:
            self._free(case, key, case.logical_date)
        for dag in dags:
            if dag.is_paused:
                self._note_unpaused(dag.dag_id)
                self._api.unpause(dag.dag_id)
        self._api.trigger(key, case.conf, case.logical_date)

    def stop(self, key: RunKey) -> None:
        """Mark the run failed, so that its tasks leave the worker."""
        self._api.fail_run(key)

    def _free(self, case: Case, key: RunKey, logical_date: datetime) -> None:
        """Airflow allows one run per logical date: an earlier test's run makes room, anything else stays."""
        found = self._run_at(case.dag_id, logical_date)
        if found is None or found[0] == key:
            return
        present, state = found
        if not present.run_id.startswith(RUN_PREFIX):
            raise HarnessError(
                f"{case.dag_id} already has a run of {logical_date.isoformat()}: {present.run_id}",
                location=case.location,
                hint="Choose another logical_date, or delete that run in the UI.",
            )
        if state not in FINAL_RUN_STATES:
            raise HarnessError(
                f"{case.dag_id} has a test run of {logical_date.isoformat()} that is still {state}",
                location=case.location,
                hint="Another test session may be running; otherwise mark that run as failed in the UI.",
            )
        self._api.delete_run(present)
