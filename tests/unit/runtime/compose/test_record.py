from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from harness.project.layout import StateFolder
from harness.runtime.backend import Endpoints
from harness.runtime.compose.record import (
    ComposeRecord,
    RecordError,
    read_record,
    record_file,
    remembered_ports,
    retire_record,
    write_record,
)

if TYPE_CHECKING:
    from pathlib import Path

RECORD = ComposeRecord(
    name="mwaa-abc",
    endpoints=Endpoints(
        "http://w", "admin", "secret", "http://a", "us-east-1", "b", "http://q", "postgresql://d"
    ),
    ports={"webserver": 8080},
    inputs="digest",
    image="mwaa-harness/airflow:2.5.1",
)


def test_a_record_is_read_as_it_was_written_and_only_its_owner_can(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    assert read_record(state) is None

    write_record(state, RECORD)

    assert read_record(state) == RECORD
    assert stat.S_IMODE(record_file(state).stat().st_mode) == 0o600
    assert remembered_ports(state) == {}
    retire_record(state)
    assert read_record(state) is None
    retire_record(state)
    assert remembered_ports(state) == {"webserver": 8080}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x", "endpoints": {}}'])
def test_a_damaged_record_is_told_from_an_absent_one(tmp_path: Path, text: str) -> None:
    state = StateFolder(tmp_path)
    write_record(state, RECORD)
    record_file(state).write_text(text, encoding="utf-8")

    with pytest.raises(RecordError):
        read_record(state)
