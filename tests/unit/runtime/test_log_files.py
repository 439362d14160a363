from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from harness.runtime.backend import LogLine
from harness.runtime.log_files import follow_lines, last_lines, log_file, read_lines, read_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("[2026-11-20T23:40:45.123+0000] {scheduler.py:1} INFO - x", "2026-11-20T23:40:45.123+00:00"),
        ("[2026-11-20 23:40:45,123: INFO/MainProcess] celery", "2026-11-20T23:40:45.123+00:00"),
        ("[2026-11-20 23:40:45.123 UTC] [12] LOG:  ready", "2026-11-20T23:40:45.123+00:00"),
        ("2026-11-20T23:40:45.123  INFO --- [x] localstack", "2026-11-20T23:40:45.123+00:00"),
        ("[2026-11-20 23:40:45 +0000] [7] [INFO] gunicorn", "2026-11-20T23:40:45+00:00"),
        ("[2026-11-21T01:40:45.000+0200] elsewhere", "2026-11-20T23:40:45+00:00"),
        ("2026-11-20 23:40:45,123 INFO control plane", "2026-11-20T23:40:45.123+00:00"),
    ],
)
def test_the_time_of_every_service_is_understood(line: str, moment: str) -> None:
    assert read_time(line) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("line", ["", "Traceback", "  File x", "[2026-99-99 23:40:45 +0000] no such day"])
def test_other_lines_have_no_time(line: str) -> None:
    assert read_time(line) is None


def test_since_takes_a_traceback_with_the_line_it_follows(tmp_path: Path) -> None:
    log_file(tmp_path, "worker").write_text(
        "[2026-11-20 10:00:00 +0000] old\n  of old\n[2026-11-20 12:00:00 +0000] new\n  of new\n",
        encoding="utf-8",
    )
    since = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)

    texts = [line.text for line in read_lines(tmp_path, "worker", since)]

    assert texts == ["[2026-11-20 12:00:00 +0000] new", "  of new"]
    elsewhere = since.astimezone(timezone(timedelta(hours=5)))
    assert [line.text for line in read_lines(tmp_path, "worker", elsewhere)] == texts


def test_a_rotated_log_is_read_first(tmp_path: Path) -> None:
    log_file(tmp_path, "worker").write_text("second\n", encoding="utf-8")
    (tmp_path / "worker.log.1").write_text("first\n", encoding="utf-8")

    assert [line.text for line in read_lines(tmp_path, "worker", None)] == ["first", "second"]


def test_a_service_that_never_spoke_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path, "worker", None)) == []
    assert last_lines(tmp_path, "worker", 5) == ()


def test_last_lines_are_the_last(tmp_path: Path) -> None:
    log_file(tmp_path, "worker").write_text("\n".join(map(str, range(50_000))), encoding="utf-8")

    assert last_lines(tmp_path, "worker", 2) == ("49998", "49999")


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def test_following_gives_whole_new_lines_of_every_service_and_survives_rotation(tmp_path: Path) -> None:
    path = log_file(tmp_path, "worker")
    path.write_text("before\n", encoding="utf-8")
    steps: list[Callable[[], object]] = [
        lambda: append(path, "half"),
        lambda: append(path, " whole\n"),
        lambda: log_file(tmp_path, "scheduler").write_text("hello\n"),
        lambda: (path.rename(tmp_path / "worker.log.1"), path.write_text("after rotation\n")),
    ]
    written = iter(steps)

    def pause(_: float) -> None:
        next(written)()

    following = follow_lines(tmp_path, ["worker", "scheduler"], pause)

    assert [next(following) for _ in range(3)] == [
        LogLine("worker", "half whole"),
        LogLine("scheduler", "hello"),
        LogLine("worker", "after rotation"),
    ]
