from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.runner.cases import Case
from harness.runner.launching import Launcher
from harness.runner.metadata import KnownDag
from harness.runner.run_state import RunKey

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATE = datetime(2024, 5, 31, tzinfo=timezone.utc)
_KEY = RunKey("etl", "test__2")


@dataclass
class Api:
    """Notes what it is asked to do, in order."""

    calls: list[str] = field(default_factory=list)

    def trigger(self, key: RunKey, conf: Mapping[str, Any], logical_date: datetime | None) -> None:
        self.calls.append(f"trigger {key.run_id} {dict(conf)} {logical_date and logical_date.date()}")

    def delete_run(self, key: RunKey) -> None:
        self.calls.append(f"delete {key.run_id}")

    def fail_run(self, key: RunKey) -> None:
        self.calls.append(f"fail {key.run_id}")

    def unpause(self, dag_id: str) -> None:
        self.calls.append(f"unpause {dag_id}")


def _launch(case: Case, present: tuple[RunKey, str] | None, *, is_paused: bool = False) -> list[str]:
    api = Api()
    launcher = Launcher(api, lambda *_: present, lambda dag_id: api.calls.append(f"note {dag_id}"))
    launcher.launch(case, _KEY, [KnownDag("etl", is_paused=is_paused, parsed_at=None, digest="x")])
    return api.calls


def test_a_paused_dag_is_noted_before_it_is_unpaused_and_triggered() -> None:
    calls = _launch(Case("etl", conf={"a": 1}), None, is_paused=True)
    assert calls == ["note etl", "unpause etl", "trigger test__2 {'a': 1} None"]


def test_a_dag_that_is_on_is_left_on() -> None:
    assert _launch(Case("etl"), None) == ["trigger test__2 {} None"]


def test_an_earlier_tests_run_makes_room_for_its_logical_date() -> None:
    present = (RunKey("etl", "test__1"), "failed")
    assert _launch(Case("etl", logical_date=_DATE), present) == [
        "delete test__1",
        "trigger test__2 {} 2024-05-31",
    ]


@pytest.mark.parametrize(
    ("run_id", "state", "message"),
    [
        ("scheduled__2024-05-31", "success", "already has a run of 2024-05-31"),
        ("test__1", "running", "has a test run of 2024-05-31T00:00:00.00:00 that is still running"),
    ],
)
def test_any_other_run_of_that_date_stays(run_id: str, state: str, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        _launch(Case("etl", logical_date=_DATE), (RunKey("etl", run_id), state))


def test_a_launch_that_is_repeated_leaves_its_own_run_alone() -> None:
    assert _launch(Case("etl", logical_date=_DATE), (_KEY, "running")) == ["trigger test__2 {} 2024-05-31"]
