"""Whether the service of this container does its work, asked from inside."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg

from harness.project.layout import StateFolder
from harness.runtime.compose import places
from harness.runtime.readiness import CONTROLPLANE_FILE, WORKER_FILE, ask_webserver
from harness.runtime.services import Role
from harness.waiting import Answer, NotYet, Ready

_HEARTBEAT_AGE = timedelta(seconds=30)
_JOBS = {Role.SCHEDULER: "SchedulerJob", Role.TRIGGERER: "TriggererJob"}
_HEARTBEAT = """
SELECT latest_heartbeat, id FROM job WHERE job_type = %s AND state = 'running' AND hostname = ANY(%s)
ORDER BY latest_heartbeat DESC LIMIT 1
"""


@dataclass(frozen=True)
class Finding:
    """An answer, and what is different after each start of the process that gave reason for it."""

    answer: Answer
    service_started: float | None = None


def probe(role: Role, dsn: str) -> Finding:
    """Ask once whether this container's service, of `role`, is ready."""
    if role is Role.WEBSERVER:
        return Finding(ask_webserver(f"http://127.0.0.1:{places.WEBSERVER_PORT}"))
    if role is Role.WORKER:
        return read_evidence(places.AIRFLOW_HOME / WORKER_FILE, "it consumes its queue")
    if role is Role.CONTROLPLANE:
        return read_evidence(StateFolder(places.STATE).run / CONTROLPLANE_FILE, "the first sync is done")
    return _ask_for_heartbeat(dsn, _JOBS[role])


def read_evidence(path: Path, meaning: str) -> Finding:
    """What a living process of this container left in the file `path`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        pid, told = int(document["pid"]), path.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return Finding(NotYet(f"no {path.name} yet"))
    if not Path(f"/proc/{pid}").exists():
        return Finding(NotYet(f"{path.name} is of an earlier process"))
    return Finding(Ready(meaning), told)


def _ask_for_heartbeat(dsn: str, job_type: str) -> Finding:
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            row = connection.execute(_HEARTBEAT, (job_type, own_names())).fetchone()
    except psycopg.Error as error:
        return Finding(NotYet(str(error).strip().partition("\n")[0]))
    if row is None or datetime.now(timezone.utc) - row[0] > _HEARTBEAT_AGE:
        return Finding(NotYet(f"no heartbeat of its {job_type} in the database yet"))
    return Finding(Ready("its heartbeat is in the database"), float(row[1]))


def own_names() -> list[str]:
    """What Airflow may call this host (airflow.utils.net.getfqdn)."""
    name = socket.gethostname()
    names = {name, os.uname().nodename}
    try:
        found = socket.getaddrinfo(name, None, 0, socket.SOCK_DGRAM, 0, socket.AI_CANONNAME)
    except OSError:
        found = []
    names.update(entry[3] for entry in found if entry[3])
    return sorted(names)
