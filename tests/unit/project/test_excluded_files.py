from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.project.excluded_files import Skipped, TreeFile, is_excluded, walk_files


def _names(folder: Path) -> set[str]:
    return {found.relative for found in walk_files(folder) if isinstance(found, TreeFile)}


def _reasons(folder: Path) -> list[str]:
    return [found.reason for found in walk_files(folder) if isinstance(found, Skipped)]


@pytest.mark.parametrize(
    "relative",
    [
        "a/__pycache__/b.cpython-310.pyc",
        ".git/HEAD",
        ".dag.py.swp",
        "dag.py~",
        "#dag.py#",
        ".#dag.py",
        "4913",
    ],
)
def test_files_of_tools_are_excluded(relative: str) -> None:
    assert is_excluded(relative)


@pytest.mark.parametrize("relative", ["dag.py", ".airflowignore", "sql/q.sql", "data/.keep", "swp/file.py"])
def test_files_of_the_project_are_not(relative: str) -> None:
    assert not is_excluded(relative)


def test_links_are_followed_as_aws_s3_sync_does(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/common.py").touch()
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/common").symlink_to("../shared")
    (tmp_path / "dags/alias.py").symlink_to("../shared/common.py")

    assert _names(tmp_path / "dags") == {"common/common.py", "alias.py"}


def test_a_link_to_a_folder_above_ends_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "dag.py").touch()
    (tmp_path / "sub/loop").symlink_to("..")

    assert _names(tmp_path) == {"dag.py"}
    assert _reasons(tmp_path) == ["the link leads back to a folder above it"]


def test_what_cannot_be_published_is_said_and_not_hidden(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad-\xff.py")).touch()

    assert sorted(_reasons(tmp_path)) == ["a broken link", "its name is not UTF-8", "not a regular file"]
