from __future__ import annotations

from typing import TYPE_CHECKING

from harness.project.fingerprint import fingerprint, hash_file, hash_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_parts_in_another_order_have_the_same_name() -> None:
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})


def test_moving_text_from_one_part_to_the_next_changes_the_name() -> None:
    assert fingerprint({"a": "12", "b": "3"}) != fingerprint({"a": "1", "b": "23"})


def test_a_name_can_be_a_folder() -> None:
    assert fingerprint({"ä / b": "\n"}).isalnum()


def test_a_file_that_appears_empty_differs_from_no_file(tmp_path: Path) -> None:
    path = tmp_path / "wheel.whl"
    absent = hash_file(path)
    path.touch()
    assert hash_file(path) != absent


def test_renaming_a_file_changes_the_hash_of_its_folder(tmp_path: Path) -> None:
    first = tmp_path / "a.whl"
    first.write_bytes(b"content")
    before = hash_files(tmp_path, [first])
    second = first.rename(tmp_path / "b.whl")
    assert hash_files(tmp_path, [second]) != before
