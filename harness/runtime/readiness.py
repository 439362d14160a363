"""The evidence that a service is ready: what each probe asks, and what it takes for a yes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.runtime.backend import Endpoints
from harness.runtime.localstack import HEALTH_PATH
from harness.runtime.services import Role
from harness.waiting import Answer, NotYet, Ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.runtime.supervisor import ProcessInfo

_QUESTION_SECONDS = 3.0
_HEARTBEAT_AGE = timedelta(seconds=30)
_JOBS = {Role.SCHEDULER: "SchedulerJob", Role.TRIGGERER: "TriggererJob"}
CONTROLPLANE_FILE = "controlplane.json"
WORKER_FILE = "worker-ready.json"


@dataclass(frozen=True)
class Evidence:
    """Where the probes look.

    Attributes:
        endpoints: where the environment answers.
        run_folder: where the control plane leaves its evidence.
        homes: the components' home folders.
    """

    endpoints: Endpoints
    run_folder: Path
    homes: Mapping[str, Path]


def probe_service(role: Role, info: ProcessInfo, rank: int, evidence: Evidence) -> Answer:
    """Ask once whether the service whose process is `info` does its work.

    Args:
        role: what the service is.
        info: its running process.
        rank: how many services of its role, itself included, started no later than it.
        evidence: where to look.
    """
    probes: dict[Role, Callable[[], Answer]] = {
        Role.POSTGRES: lambda: ask_postgres(maintenance_dsn(evidence.endpoints)),
        Role.LOCALSTACK: lambda: ask_localstack(evidence.endpoints.aws_endpoint_url),
        Role.CONTROLPLANE: lambda: _read_evidence(
            evidence.run_folder / CONTROLPLANE_FILE, info, "the first sync is done"
        ),
        Role.WORKER: lambda: _read_evidence(
            evidence.homes[info.name] / WORKER_FILE, info, "it consumes its queue"
        ),
        Role.WEBSERVER: lambda: ask_webserver(evidence.endpoints.webserver_url),
    }
    probe = probes.get(role)
    if probe is None:
        return _ask_for_job(evidence.endpoints.database_dsn, _JOBS[role], info, rank)
    return probe()


def maintenance_dsn(endpoints: Endpoints) -> str:
    """The database that exists before Airflow's does."""
    return endpoints.database_dsn.rpartition("/")[0] + "/postgres"


def ask_postgres(dsn: str) -> Answer:
    """Ask once whether the server answers a query."""
    import psycopg  # noqa: PLC0415 - slow to import; a command that asks nothing goes without

    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return NotYet(_first_line(error))
    return Ready("answers a query")


def ask_localstack(url: str) -> Answer:
    status, _ = _get(url + HEALTH_PATH)
    return Ready("healthy") if status == HTTPStatus.OK else NotYet(_describe(status))


def ask_webserver(url: str) -> Answer:
    status, body = _get(f"{url}/health")
    try:
        health = json.loads(body)
    except ValueError:
        health = None
    database = health.get("metadatabase", {}).get("status") if isinstance(health, dict) else None
    if status == HTTPStatus.OK and database == "healthy":
        return Ready("healthy over HTTP")
    return NotYet(f"{_describe(status)}, metadatabase {database or 'not told'}")


def _get(url: str) -> tuple[int, bytes]:
    """Status and body of a plain request; status 0 when nobody answers. Asked often, hence so plain."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_QUESTION_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        connection.close()


def _describe(status: int) -> str:
    return f"HTTP status {status}" if status else "it does not answer over HTTP yet"


def _read_evidence(path: Path, info: ProcessInfo, meaning: str) -> Answer:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return NotYet(f"no {path.name} yet")
    if isinstance(document, dict) and document.get("pid") == info.pid:
        return Ready(meaning)
    return NotYet(f"{path.name} is of an earlier process")


def _ask_for_job(dsn: str, job_type: str, info: ProcessInfo, rank: int) -> Answer:
    """Airflow's jobs carry no process id: as many jobs must have begun as processes have."""
    import psycopg  # noqa: PLC0415 - slow to import; a command that asks nothing goes without

    started = datetime.fromtimestamp(info.started, tz=timezone.utc)
    query = (
        "SELECT latest_heartbeat FROM job WHERE job_type = %s AND state = 'running' "
        "AND start_date >= %s ORDER BY latest_heartbeat DESC"
    )
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            beats = [row[0] for row in connection.execute(query, (job_type, started)).fetchall()]
    except psycopg.Error as error:
        return NotYet(_first_line(error))
    fresh = [beat for beat in beats if datetime.now(timezone.utc) - beat < _HEARTBEAT_AGE]
    if len(fresh) >= rank:
        return Ready("its heartbeat is in the database")
    return NotYet(f"no heartbeat of a {job_type} in the database yet")


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
