from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

from harness.container.probes import own_names, read_evidence
from harness.waiting import NotYet, Ready

if TYPE_CHECKING:
    from pathlib import Path


def test_evidence_counts_while_its_process_lives(tmp_path: Path) -> None:
    path = tmp_path / "worker-ready.json"
    assert read_evidence(path, "it works").answer == NotYet("no worker-ready.json yet")

    path.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
    finding = read_evidence(path, "it works")
    assert finding.answer == Ready("it works")
    assert finding.service_started == path.stat().st_mtime

    path.write_text(json.dumps({"pid": 2**22 + 1}), encoding="utf-8")
    assert isinstance(read_evidence(path, "it works").answer, NotYet)


def test_damaged_evidence_is_none(tmp_path: Path) -> None:
    path = tmp_path / "worker-ready.json"
    path.write_text("{", encoding="utf-8")

    assert isinstance(read_evidence(path, "it works").answer, NotYet)


def test_a_host_knows_the_names_that_airflow_may_give_it() -> None:
    assert socket.gethostname() in own_names()
