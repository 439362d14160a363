from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from harness.config.model import EnvironmentSettings, LocalSettings
from harness.controlplane.bucket_layout import bucket_layout
from harness.controlplane.tree import WorkingTree
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> WorkingTree:
    return WorkingTree(locate_project(tmp_path, LocalSettings()), bucket_layout(EnvironmentSettings()))


def _write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_an_empty_project_wants_nothing(tree: WorkingTree) -> None:
    assert tree.snapshot().objects == {}


def test_every_part_has_its_key(tree: WorkingTree, tmp_path: Path) -> None:
    _write(tmp_path / "dags/sub/a.py", "a")
    _write(tmp_path / "plugins/p.py")
    _write(tmp_path / "requirements/requirements.txt")
    _write(tmp_path / "requirements/other.txt")
    _write(tmp_path / "startup/startup.sh")

    objects = tree.snapshot().objects

    assert set(objects) == {"dags/sub/a.py", "plugins.zip", "requirements.txt", "startup.sh"}
    assert objects["dags/sub/a.py"].digest == _md5("a")


def test_a_change_shows(tree: WorkingTree, tmp_path: Path) -> None:
    _write(tmp_path / "dags/a.py", "one")
    _write(tmp_path / "plugins/p.py", "one")
    before = tree.snapshot().objects

    _write(tmp_path / "dags/a.py", "three")
    _write(tmp_path / "plugins/p.py", "three")

    after = tree.snapshot().objects
    assert after["dags/a.py"].digest == _md5("three")
    assert after["plugins.zip"].digest != before["plugins.zip"].digest


def test_a_key_that_s3_does_not_take_is_left_out_with_a_word(
    tree: WorkingTree, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _write(tmp_path / "dags" / "/".join(["x" * 250] * 5) / "a.py")

    assert tree.snapshot().objects == {}
    tree.snapshot()
    assert caplog.text.count("at most 1024 bytes") == 1


def test_known_content_is_copied_only_while_it_is_the_objects(tree: WorkingTree, tmp_path: Path) -> None:
    file = _write(tmp_path / "dags/a.py", "one")
    tree.snapshot()

    assert not tree.copy("dags/a.py", _md5("other"), tmp_path / "copy")
    assert not tree.copy("dags/b.py", _md5("one"), tmp_path / "copy")
    assert tree.copy("dags/a.py", _md5("one"), tmp_path / "copy")
    assert (tmp_path / "copy").read_text(encoding="utf-8") == "one"
    file.write_text("two", encoding="utf-8")
    assert not tree.copy("dags/a.py", _md5("one"), tmp_path / "copy")
