from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.events import ignore_events
from harness.project.layout import StateFolder
from harness.workerenv.cloning import clone_tree
from harness.workerenv.inventory import list_worker_environments, prune_worker_environments
from harness.workerenv.manifest import Manifest, read_manifest, write_manifest
from harness.workerenv.store import current_worker_environment


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """A project with three environments; the second is current."""
    state = StateFolder(tmp_path / "my project é" / ".mwaa")
    for number, base in ((1, "base-old"), (2, "base-new"), (3, "base-new")):
        add_environment(state.worker_environments / f"env{number}", built_at=f"2024-01-0{number}", base=base)
    for base in ("base-old", "base-new"):
        add_environment(state.cache / "worker-bases" / base, built_at="2024-01-01", base="")
    (state.worker_environments / "current").symlink_to("env2")
    (state.worker_environments / ".building-worker-env4-12").mkdir()
    return state


def add_environment(folder: Path, *, built_at: str, base: str) -> None:
    folder.mkdir(parents=True)
    write_manifest(
        folder,
        Manifest(folder.name, "3.10.13", "/python", built_at, {"a": "1"}, requirements=("a",), base=base),
    )


def test_listing_shows_finished_ones_oldest_first_and_which_is_current(state: StateFolder) -> None:
    listed = list_worker_environments(state)
    assert [(entry.path.name, entry.is_current) for entry in listed] == [
        ("env1", False),
        ("env2", True),
        ("env3", False),
    ]


def test_pruning_keeps_the_current_one_and_those_in_use(state: StateFolder) -> None:
    removed = prune_worker_environments(state, [state.worker_environments / "env3"], ignore_events)
    assert [path.name for path in removed] == ["env1"]
    assert [entry.path.name for entry in list_worker_environments(state)] == ["env2", "env3"]
    assert [path.name for path in (state.cache / "worker-bases").glob("[!.]*")] == ["base-new"]


def test_there_is_no_current_one_before_the_first(tmp_path: Path) -> None:
    assert current_worker_environment(StateFolder(tmp_path)) is None


def test_a_current_one_that_was_deleted_counts_as_none(state: StateFolder) -> None:
    (state.worker_environments / "env2" / "environment.json").unlink()
    (state.worker_environments / "env2").rmdir()
    assert current_worker_environment(state) is None


def test_a_record_that_cannot_be_read_is_an_error_with_a_way_out(state: StateFolder) -> None:
    folder = state.worker_environments / "env1"
    (folder / "environment.json").write_text("{}")
    with pytest.raises(HarnessError) as caught:
        read_manifest(folder)
    assert str(folder) in (caught.value.hint or "")


def test_the_record_of_a_clone_can_be_rewritten_without_touching_the_original(tmp_path: Path) -> None:
    original, clone = tmp_path / "a", tmp_path / "b"
    add_environment(original, built_at="2024", base="")
    (original / "link").symlink_to("environment.json")
    clone_tree(original, clone)
    write_manifest(clone, Manifest("clone", "3.10.13", "/python", "2025", {}))
    assert read_manifest(original).built_at == "2024"
    assert (clone / "link").readlink() == Path("environment.json")
