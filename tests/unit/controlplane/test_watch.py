from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import watchfiles

from harness.config.model import LocalSettings
from harness.controlplane.watch import TreeWatcher
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfiles.main import FileChange

_PATIENCE = 60.0


class Watching:
    """A watcher on a project, and whether it noticed something."""

    def __init__(self, root: Path, watch: Any = watchfiles.watch) -> None:
        self.root = root
        self.noticed = threading.Event()
        self.watcher = TreeWatcher(locate_project(root, LocalSettings()), self.noticed.set, watch)
        self.watcher.start()

    def write(self, relative: str) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
        return path

    def notices(self, relative: str) -> bool:
        """Whether a save is noticed; saved again and again, as the watch may only be about to begin."""
        for _ in range(int(_PATIENCE / 0.5)):
            self.write(relative)
            if self.noticed.wait(0.5):
                self.noticed.clear()
                return True
        return False


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    (tmp_path / "dags").mkdir()
    found = Watching(tmp_path)
    yield found
    found.watcher.stop()


def test_a_save_is_noticed(watching: Watching) -> None:
    assert watching.notices("dags/deep/er/a.py")


@pytest.mark.parametrize(
    "relative", ["plugins/p.py", "requirements/requirements.txt", "startup/startup.sh", "dags/a.py"]
)
def test_folders_may_appear_later(watching: Watching, relative: str) -> None:
    assert watching.notices(relative)


def test_editors_own_files_are_not_noticed(watching: Watching) -> None:
    assert watching.notices("dags/a.py")
    while watching.noticed.wait(0.5):  # the notices of earlier saves
        watching.noticed.clear()

    watching.write("dags/.a.py.swp")
    watching.write("dags/__pycache__/a.pyc")

    assert not watching.noticed.wait(1)


def test_where_nothing_can_be_watched_the_tree_is_polled_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def limited(*paths: Path, force_polling: bool | None, **options: Any) -> Iterator[set[FileChange]]:
        if not force_polling:
            raise OSError(28, "OS file watch limit reached")
        return watchfiles.watch(*paths, force_polling=True, **options)

    (tmp_path / "dags").mkdir()
    found = Watching(tmp_path, limited)
    try:
        assert found.notices("dags/a.py")
        assert "is polled" in caplog.text
    finally:
        found.watcher.stop()
