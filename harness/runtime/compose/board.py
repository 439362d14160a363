"""What the containers of one environment tell each other and the backend: a schema in their database.

Containers share SQS, S3 and PostgreSQL and nothing else, on one machine as on several. Each tells here what
it is, whether its service is ready and by what evidence, and which DAG files it has. Secrets that nobody
gave are made once and kept here too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from harness.errors import HarnessError
from harness.runtime.secrets import EnvironmentSecrets

LOST_SECONDS = 15
"""A container that has told nothing for so long is lost."""

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS mwaa_harness;
CREATE TABLE IF NOT EXISTS mwaa_harness.containers (
    host text PRIMARY KEY, role text NOT NULL, started timestamptz NOT NULL, service_started double precision,
    evidence text, reason text, dags jsonb NOT NULL DEFAULT '{}', dags_at timestamptz,
    seen timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS mwaa_harness.facts (name text PRIMARY KEY, value text NOT NULL);
"""
_TELL = """
INSERT INTO mwaa_harness.containers AS c
    (host, role, started, service_started, evidence, reason, dags, dags_at, seen)
VALUES (%(host)s, %(role)s, now(), %(service_started)s, %(evidence)s, %(reason)s,
        coalesce(%(dags)s::jsonb, '{}'), %(dags_at)s::timestamptz, now())
ON CONFLICT (host) DO UPDATE SET
    started = CASE WHEN %(is_first)s THEN now() ELSE c.started END,
    service_started = excluded.service_started, evidence = excluded.evidence, reason = excluded.reason,
    dags = coalesce(%(dags)s::jsonb, c.dags), dags_at = coalesce(excluded.dags_at, c.dags_at), seen = now()
"""
_READ = """
SELECT host, role, started, service_started, evidence, reason, dags, dags_at,
       seen > now() - make_interval(secs => %s) FROM mwaa_harness.containers ORDER BY started, host
"""


@dataclass(frozen=True)
class Container:
    """One container as it told.

    Attributes:
        host: its name on the network: the short container id.
        role: what it runs.
        started: when it began to tell.
        service_started: changes with each start of the process that does the work.
        evidence: why its service is ready; None while it is not.
        reason: why it is not.
        dags: the ETag of each DAG file it has, by path below the DAGs folder.
        dags_at: when they last changed.
        is_fresh: whether it has told anything lately.
    """

    host: str
    role: str
    started: datetime
    service_started: float | None
    evidence: str | None
    reason: str | None
    dags: Mapping[str, str]
    dags_at: datetime | None
    is_fresh: bool


@dataclass
class Report:
    """What a container tells; `dags` are told when they changed."""

    host: str
    role: str
    service_started: float | None = None
    evidence: str | None = None
    reason: str | None = None
    dags: Mapping[str, str] | None = field(default=None, repr=False)
    dags_at: datetime | None = None
    is_first: bool = False


class Board:
    """One connection, opened when it is needed and again after the server was away. For one thread."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def prepare(self) -> None:
        """Make the tables."""
        self._execute(_SCHEMA)

    def forget(self) -> None:
        """Drop what lost containers told."""
        self._execute(
            "DELETE FROM mwaa_harness.containers WHERE seen < now() - make_interval(secs => %s)",
            (LOST_SECONDS,),
        )

    def tell(self, report: Report) -> None:
        values = asdict(report)
        values["dags"] = None if report.dags is None else Jsonb(dict(report.dags))
        self._execute(_TELL, values)

    def read(self) -> tuple[Container, ...]:
        """All containers; none before the tables are made."""
        try:
            return tuple(Container(*row) for row in self._execute(_READ, (LOST_SECONDS,)))
        except BoardMissingError:
            return ()

    def server_started(self) -> str:
        """Names this start of the database server."""
        return str(self._execute("SELECT pg_postmaster_start_time()")[0][0])

    def fact(self, name: str) -> str | None:
        """What was noted under `name`.

        Raises:
            BoardMissingError: nothing was ever noted.
        """
        rows = self._execute("SELECT value FROM mwaa_harness.facts WHERE name = %s", (name,))
        return str(rows[0][0]) if rows else None

    def note(self, name: str, value: str) -> None:
        self._execute(
            "INSERT INTO mwaa_harness.facts VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = %s",
            (name, value, value),
        )

    def secrets(self, given: EnvironmentSecrets) -> EnvironmentSecrets:
        """The secrets given, with those that were not given as they were made for this database."""
        made = json.loads(self.fact("secrets") or "{}")
        values = asdict(given)
        return EnvironmentSecrets(
            **{one.name: values[one.name] or made.get(one.name, "") for one in fields(given)}
        )

    def keep_secrets(self, secrets: EnvironmentSecrets) -> None:
        self.note("secrets", json.dumps(asdict(secrets)))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _execute(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._dsn, autocommit=True, connect_timeout=3, application_name="mwaa-harness"
                )
            cursor = self._connection.execute(sql, parameters)  # type: ignore[arg-type,unused-ignore]
            return cursor.fetchall() if cursor.description else []
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise BoardMissingError("the database has not been prepared") from error
        except psycopg.Error as error:
            self.close()
            raise BoardUnreachableError(f"the database does not answer: {str(error).strip()}") from error


class BoardMissingError(HarnessError):
    """The database answers but was never prepared."""


class BoardUnreachableError(HarnessError):
    """The database does not answer."""
