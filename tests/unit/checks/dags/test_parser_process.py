"""The warm parser as a process: private, answering several at once, and gone after idling."""

from __future__ import annotations

import queue
import socket
import stat
import struct
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.checks.dag_parser.start import start_parser
from harness.checks.dags.parsers import ask_running
from harness.waiting import NotYet, Ready, wait_until
from tests.unit.checks.dags.conftest import make_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

_SECONDS = 120
_SLOW = """# an airflow dag
import os, time

while not os.path.exists(__file__ + ".go"):
    time.sleep(0.05)
"""


def listener_of(path: str) -> int:
    """The process at the other end of a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.connect(path)
        pid, _, _ = struct.unpack(
            "3i", stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        )
        return int(pid)


def test_a_parser_is_private_serves_several_at_once_and_leaves_after_idling(
    tmp_path: Path, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> None:
    session = make_session(tmp_path, worker, fenced_environ)
    session = replace(session, command=[*session.command, "--idle", "1"])
    files = {"slow": _SLOW, "quick": "# an airflow dag\n"}
    for name, text in files.items():
        (tmp_path / "dags" / f"{name}.py").write_text(text, encoding="utf-8")
    start_parser(session)
    address = Path(session.socket)
    assert stat.S_IMODE(address.stat().st_mode) == 0o600
    assert stat.S_IMODE(address.parent.stat().st_mode) == 0o700
    parser = psutil.Process(listener_of(session.socket))

    ended: queue.Queue[str] = queue.Queue()

    def ask(name: str) -> None:
        options = {**session.options, "has_plugins": "", "graph": ""}
        list(ask_running(session, [str(tmp_path / "dags" / f"{name}.py")], options))
        ended.put(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in files]
    for thread in threads:
        thread.start()
    assert ended.get(timeout=_SECONDS) == "quick"
    (tmp_path / "dags" / "slow.py.go").touch()
    assert ended.get(timeout=_SECONDS) == "slow"
    for thread in threads:
        thread.join()

    def answer() -> Ready | NotYet:
        return NotYet("it runs") if parser.is_running() else Ready("it left")

    wait_until(answer, subject="the parser's end", seconds=_SECONDS)
    assert not address.exists()
