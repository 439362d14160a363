from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.events import Event, StepProgressed, ignore_events
from harness.workerenv.building import Building, ensure_built, list_built, remove_built

if TYPE_CHECKING:
    from pathlib import Path


def building(tmp_path: Path) -> Building:
    return Building(tmp_path / "envs", "worker", "worker environment")


def write_something(folder: Path) -> None:
    folder.mkdir()
    (folder / "file").touch()


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "envs").iterdir() if path.name != ".worker.lock")


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        pytest.fail("built twice")

    path = ensure_built(building(tmp_path), "key", write_something, ignore_events)
    assert ensure_built(building(tmp_path), "key", fail, ignore_events) == path


def test_the_name_appears_only_when_the_build_is_finished(tmp_path: Path) -> None:
    def look(folder: Path) -> None:
        write_something(folder)
        assert list_built(building(tmp_path)) == ()

    ensure_built(building(tmp_path), "key", look, ignore_events)
    assert names(tmp_path) == ["key"]


@pytest.mark.parametrize("error", [HarnessError("bad requirement"), KeyboardInterrupt()])
def test_a_build_that_fails_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def fail(folder: Path) -> None:
        write_something(folder)
        raise error

    with pytest.raises(type(error)):
        ensure_built(building(tmp_path), "key", fail, ignore_events)
    assert names(tmp_path) == []


def test_what_a_killed_build_left_goes_with_the_next(tmp_path: Path) -> None:
    debris = tmp_path / "envs" / ".building-worker-old-1234"
    debris.mkdir(parents=True)
    (debris / "half").touch()
    other = tmp_path / "envs" / ".building-postgres-old-1234"
    other.mkdir()
    ensure_built(building(tmp_path), "key", write_something, ignore_events)
    assert names(tmp_path) == [other.name, "key"]


def test_of_two_at_once_one_builds_and_the_other_says_that_it_waits(tmp_path: Path) -> None:
    builds: list[Path] = []
    events: list[Event] = []
    waiting = threading.Event()

    def build(folder: Path) -> None:
        builds.append(folder)
        other.start()
        assert waiting.wait(10)
        write_something(folder)

    def listen(event: Event) -> None:
        events.append(event)
        waiting.set()

    other = threading.Thread(target=lambda: ensure_built(building(tmp_path), "key", build, listen))
    ensure_built(building(tmp_path), "key", build, ignore_events)
    other.join(10)
    assert len(builds) == 1
    assert [type(event) for event in events] == [StepProgressed]


def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "envs").write_text("a file where the folder should be")
    with pytest.raises(HarnessError, match="cannot be built") as caught:
        ensure_built(building(tmp_path), "key", write_something, ignore_events)
    assert "writable" in (caught.value.hint or "")


def test_removing_takes_the_folder_and_tolerates_that_it_is_gone(tmp_path: Path) -> None:
    ensure_built(building(tmp_path), "key", write_something, ignore_events)
    remove_built(building(tmp_path), "key", ignore_events)
    remove_built(building(tmp_path), "key", ignore_events)
    assert names(tmp_path) == []
