from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.runtime.backend import Endpoints
from harness.runtime.ports import choose_ports
from harness.runtime.readiness import Evidence, probe_service
from harness.runtime.services import Role
from harness.runtime.supervisor import ProcessInfo
from harness.waiting import Answer, NotYet, Ready

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = Endpoints("", "", "", "", "", "", "", "")


def info(name: str, pid: int | None = None) -> ProcessInfo:
    return ProcessInfo(name, 20, pid or os.getpid(), 0.0, 0.0, 1, None, None)


@contextmanager
def serving(status: int, body: object) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def ask_webserver(url: str) -> Answer:
    evidence = Evidence(replace(NOWHERE, webserver_url=url), Path("/"), {})
    return probe_service(Role.WEBSERVER, info("webserver"), 1, evidence)


def test_a_web_server_with_a_healthy_database_is_ready() -> None:
    with serving(200, {"metadatabase": {"status": "healthy"}}) as url:
        assert isinstance(ask_webserver(url), Ready)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"metadatabase": {"status": "unhealthy"}}), (503, {}), (200, "no object"), (200, {})],
)
def test_any_other_answer_of_a_web_server_is_not_yet(status: int, body: object) -> None:
    with serving(status, body) as url:
        assert isinstance(ask_webserver(url), NotYet)


def test_nobody_listening_is_not_yet() -> None:
    url = f"http://127.0.0.1:{choose_ports({'any': 0}, {})['any']}"
    evidence = Evidence(replace(NOWHERE, webserver_url=url, aws_endpoint_url=url), Path("/"), {})

    assert isinstance(ask_webserver(url), NotYet)
    assert isinstance(probe_service(Role.LOCALSTACK, info("localstack"), 1, evidence), NotYet)


def test_localstack_is_ready_when_its_health_answers() -> None:
    with serving(200, {"services": {}}) as url:
        evidence = Evidence(replace(NOWHERE, aws_endpoint_url=url), Path("/"), {})
        assert isinstance(probe_service(Role.LOCALSTACK, info("localstack"), 1, evidence), Ready)


def test_a_database_that_is_not_there_is_not_yet_and_tells_no_password() -> None:
    port = choose_ports({"any": 0}, {})["any"]
    dsn = f"postgresql://airflow:geheim@127.0.0.1:{port}/airflow"
    evidence = Evidence(replace(NOWHERE, database_dsn=dsn), Path("/"), {})

    for role in (Role.POSTGRES, Role.SCHEDULER, Role.TRIGGERER):
        answer = probe_service(role, info(role.value), 1, evidence)
        assert isinstance(answer, NotYet)
        assert "geheim" not in answer.reason


def test_a_worker_is_ready_when_its_own_process_said_so(tmp_path: Path) -> None:
    evidence = Evidence(NOWHERE, tmp_path, {"worker": tmp_path})
    path = tmp_path / "worker-ready.json"

    assert isinstance(probe_service(Role.WORKER, info("worker"), 1, evidence), NotYet)
    path.write_text(json.dumps({"pid": 1}), encoding="utf-8")
    assert isinstance(probe_service(Role.WORKER, info("worker"), 1, evidence), NotYet)
    path.write_text("{ half", encoding="utf-8")
    assert isinstance(probe_service(Role.WORKER, info("worker"), 1, evidence), NotYet)
    path.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
    assert isinstance(probe_service(Role.WORKER, info("worker"), 1, evidence), Ready)


def test_the_control_plane_is_ready_when_its_own_process_said_so(tmp_path: Path) -> None:
    evidence = Evidence(NOWHERE, tmp_path, {})
    (tmp_path / "controlplane.json").write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")

    assert isinstance(probe_service(Role.CONTROLPLANE, info("controlplane"), 1, evidence), Ready)
    assert isinstance(probe_service(Role.CONTROLPLANE, info("controlplane", 1), 1, evidence), NotYet)
