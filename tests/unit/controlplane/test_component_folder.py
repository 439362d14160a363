from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from harness.controlplane.component_folder import ComponentFolder, files_below

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path, mirror: Path) -> ComponentFolder:
    return ComponentFolder(tmp_path / "home", "dags", mirror)


def _write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_filling_makes_the_folder_equal_to_the_mirror(folder: ComponentFolder, mirror: Path) -> None:
    _write(mirror / "a/b.py", "b")
    _write(mirror / "c.py", "c")
    _write(folder.path / "stale/old.py")
    _write(folder.path / "c.py", "old")

    folder.fill()

    assert set(files_below(folder.path)) == {"a/b.py", "c.py"}
    assert (folder.path / "c.py").read_text(encoding="utf-8") == "c"
    assert not (folder.path / "stale").exists()


def test_equal_files_keep_their_inode_and_time(folder: ComponentFolder, mirror: Path) -> None:
    _write(mirror / "a.py")
    folder.fill()
    before = (folder.path / "a.py").stat()

    folder.fill()

    after = (folder.path / "a.py").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_bytecode_of_python_does_not_keep_a_folder_alive(folder: ComponentFolder, mirror: Path) -> None:
    _write(mirror / "a/b.py")
    folder.fill()
    _write(folder.path / "a/__pycache__/b.pyc")
    (mirror / "a/b.py").unlink()

    folder.remove(["a/b.py"])

    assert not (folder.path / "a").exists()


def test_files_of_others_stay_until_the_next_filling(folder: ComponentFolder, mirror: Path) -> None:
    _write(mirror / "a/b.py")
    folder.fill()
    _write(folder.path / "a/written_by_a_task.txt")

    folder.remove(["a/b.py"])

    assert set(files_below(folder.path)) == {"a/written_by_a_task.txt"}


def test_what_stands_in_the_way_gives_way(folder: ComponentFolder, mirror: Path) -> None:
    folder.fill()
    _write(folder.path / "a", "a file where a folder is needed")
    _write(folder.path / "b.py/file", "a folder where a file is needed")
    _write(mirror / "a/inner.py", "inner")
    _write(mirror / "b.py", "b")

    folder.place(["a/inner.py", "b.py"])

    assert (folder.path / "a/inner.py").read_text(encoding="utf-8") == "inner"
    assert (folder.path / "b.py").read_text(encoding="utf-8") == "b"


def test_links_made_inside_lead_nothing_outside(
    folder: ComponentFolder, mirror: Path, tmp_path: Path
) -> None:
    outside = _write(tmp_path / "outside/keep.py", "keep").parent
    folder.fill()
    (folder.path / "sub").symlink_to(outside)
    _write(mirror / "sub/keep.py", "from the bucket")

    folder.remove(["sub/keep.py"])
    folder.place(["sub/keep.py"])

    assert (outside / "keep.py").read_text(encoding="utf-8") == "keep"
    assert (folder.path / "sub/keep.py").read_text(encoding="utf-8") == "from the bucket"


def test_a_folder_made_anew_is_noticed(folder: ComponentFolder) -> None:
    assert not folder.is_intact()
    folder.fill()
    assert folder.is_intact()
    shutil.move(folder.path, folder.path.with_name("elsewhere"))
    assert not folder.is_intact()
    folder.path.mkdir()
    assert not folder.is_intact()
