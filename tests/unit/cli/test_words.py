"""Amounts, moments, services and folders as people write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from harness.cli.moments import parse_since
from harness.cli.project_root import find_project_root
from harness.cli.quantities import describe_bytes, describe_seconds
from harness.cli.service_names import require_services
from harness.errors import CollectedError, UsageError
from harness.runtime.backend import ServiceState, ServiceStatus
from harness.runtime.services import Role

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.9, "59 s"), (185, "3 m 5 s"), (7440, "2 h 4 m"), (97200, "1 d 3 h")],
)
def test_spans_show_their_two_largest_units(seconds: float, text: str) -> None:
    assert describe_seconds(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(812, "812 B"), (93 * 1024**2, "93 MiB"), (1.4 * 1024**3, "1.4 GiB")]
)
def test_sizes_show_a_fitting_unit(count: float, text: str) -> None:
    assert describe_bytes(count) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW - timedelta(minutes=10)),
        ("1h30m", NOW - timedelta(hours=1, minutes=30)),
        ("2d", NOW - timedelta(days=2)),
        ("45s", NOW - timedelta(seconds=45)),
        ("2026-01-31T11:00:00Z", NOW - timedelta(hours=1)),
        ("2026-01-31T11:00:00+01:00", NOW - timedelta(hours=2)),
    ],
)
def test_moments_are_spans_back_or_timestamps(text: str, moment: datetime) -> None:
    assert parse_since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "ten", "10", "10x", "2026-13-01", "99999999999d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a time span nor a timestamp"):
        parse_since(text, NOW)


def test_every_service_that_is_none_is_named() -> None:
    services = [ServiceStatus(name, Role.WORKER, ServiceState.READY) for name in ("worker-1", "worker-2")]

    with pytest.raises(CollectedError) as caught:
        require_services(("worker-1", "wroker-2", "x"), services)

    assert [error.hint for error in caught.value.errors] == [
        "did you mean worker-2?",
        "valid services: worker-1, worker-2",
    ]


def test_the_nearest_folder_with_settings_or_state_is_the_project(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project_root(None, inner) == inner

    (tmp_path / "a" / ".mwaa").mkdir()
    assert find_project_root(None, inner) == tmp_path / "a"

    (inner / "mwaa.toml").touch()
    assert find_project_root(None, inner) == inner


def test_a_named_project_is_taken_relative_to_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    assert find_project_root(tmp_path.relative_to(tmp_path) / "other", tmp_path) == tmp_path / "other"
