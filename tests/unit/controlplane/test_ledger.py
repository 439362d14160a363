from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.controlplane.ledger import Ledger, LedgerFile
from harness.controlplane.source_bucket import ObjectVersion

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    ledger = Ledger({"dags/a": "1"}, {"a": "1"}, {"plugins.zip": ObjectVersion("2", "v")}, "7")

    LedgerFile(tmp_path / "source/ledger.json").save(ledger)

    assert LedgerFile(tmp_path / "source/ledger.json").load() == ledger


def test_no_file_is_an_empty_memory(tmp_path: Path) -> None:
    assert LedgerFile(tmp_path / "ledger.json").load() == Ledger()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"published": 1}', "\0\0"])
def test_a_damaged_file_is_an_empty_memory_and_says_so(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ledger.json").write_text(text, encoding="utf-8")

    assert LedgerFile(tmp_path / "ledger.json").load() == Ledger()
    assert "is damaged" in caplog.text


def test_the_same_memory_is_not_written_twice(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path / "ledger.json")
    file.save(Ledger())
    before = (tmp_path / "ledger.json").stat().st_ino

    file.save(Ledger())

    assert (tmp_path / "ledger.json").stat().st_ino == before
