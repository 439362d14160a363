"""Writes to the environment through Airflow's stable REST API, in a session logged in as its user.

MWAA allows session authentication alone, so this logs in as a browser does. A webserver that is
starting again is waited for; nothing here is done twice because of that.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any

import httpx

from harness.errors import HarnessError
from harness.waiting import NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from harness.project.seeds import SeedConnection, SeedPool
    from harness.runner.run_state import RunKey
    from harness.runtime.backend import Endpoints

_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_PATIENCE = 60.0
_TIMEOUT = 30.0


class ApiError(HarnessError):
    """The API refused a request."""

    def __init__(self, action: str, response: httpx.Response) -> None:
        super().__init__(f"{action} failed: {_detail(response)}")
        self.status = response.status_code


class AirflowApi:
    """One session. Safe to use from several threads."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        transport: httpx.BaseTransport | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._endpoints = endpoints
        self._patience = patience
        self._client = httpx.Client(
            base_url=endpoints.webserver_url,
            timeout=_TIMEOUT,
            transport=transport or httpx.HTTPTransport(),
            trust_env=False,
        )
        self._login = threading.Lock()
        self._is_logged_in = False

    def close(self) -> None:
        self._client.close()

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Any request of the stable REST API: `request("GET", "/dags")`; refusals are answers, too."""
        return self._send(method, path, f"{method} {path}", body)

    def trigger(self, key: RunKey, conf: Mapping[str, Any], logical_date: datetime | None) -> None:
        """Create the run `key`. A run of that id which is there already is the one that was asked for."""
        body: dict[str, Any] = {"dag_run_id": key.run_id, "conf": dict(conf)}
        if logical_date is not None:
            body["logical_date"] = logical_date.isoformat()
        action = f"triggering {key.dag_id}"
        response = self._send("POST", f"/dags/{key.dag_id}/dagRuns", action, body)
        if response.status_code == httpx.codes.CONFLICT and self._has_run(key):
            return
        self._expect_success(action, response)

    def delete_run(self, key: RunKey) -> None:
        action = f"deleting run {key.run_id}"
        self._call("DELETE", f"/dags/{key.dag_id}/dagRuns/{key.run_id}", action)

    def fail_run(self, key: RunKey) -> None:
        """Mark a run as failed, which also stops its running tasks."""
        path = f"/dags/{key.dag_id}/dagRuns/{key.run_id}"
        self._call("PATCH", path, f"stopping run {key.run_id}", {"state": "failed"})

    def pause(self, dag_id: str) -> None:
        self._call("PATCH", f"/dags/{dag_id}", f"pausing {dag_id}", {"is_paused": True})

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"/dags/{dag_id}", f"unpausing {dag_id}", {"is_paused": False})

    def put_variable(self, name: str, value: str) -> None:
        self._put("/variables", name, {"key": name, "value": value}, f"variable {name}")

    def put_connection(self, connection: SeedConnection) -> None:
        body = {
            "connection_id": connection.conn_id,
            "conn_type": connection.conn_type,
            "host": connection.host,
            "login": connection.login,
            "password": connection.password,
            "schema": connection.schema,
            "port": connection.port,
            "description": connection.description,
            "extra": json.dumps(dict(connection.extra)) if connection.extra else None,
        }
        given = {name: value for name, value in body.items() if value is not None}
        self._put("/connections", connection.conn_id, given, f"connection {connection.conn_id}")

    def put_pool(self, pool: SeedPool) -> None:
        body = {"name": pool.name, "slots": pool.slots, "description": pool.description}
        self._put("/pools", pool.name, body, f"pool {pool.name}")

    def _put(self, collection: str, name: str, body: Mapping[str, Any], subject: str) -> None:
        """Create, or bring an existing one to what `body` says."""
        action = f"setting {subject}"
        response = self._send("POST", collection, action, body)
        if response.status_code == httpx.codes.CONFLICT:
            response = self._send("PATCH", f"{collection}/{name}", action, body)
        self._expect_success(action, response)

    def _has_run(self, key: RunKey) -> bool:
        path = f"/dags/{key.dag_id}/dagRuns/{key.run_id}"
        return self._send("GET", path, f"looking for run {key.run_id}").is_success

    def _call(self, method: str, path: str, action: str, body: Mapping[str, Any] | None = None) -> None:
        self._expect_success(action, self._send(method, path, action, body))

    @staticmethod
    def _expect_success(action: str, response: httpx.Response) -> None:
        if not response.is_success:
            raise ApiError(action, response)

    def _send(
        self, method: str, path: str, action: str, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """The answer of a webserver that is up and knows us."""
        answers: list[httpx.Response] = []

        def probe() -> Ready | NotYet:
            try:
                self._ensure_login()
                response = self._client.request(method, f"/api/v1{path}", json=body)
            except httpx.TransportError as error:
                return NotYet(str(error) or type(error).__name__)
            if response.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
                self._is_logged_in = False
                return NotYet(_detail(response))
            if response.status_code in {502, 503, 504}:
                return NotYet(_detail(response))
            answers.append(response)
            return Ready(str(response.status_code))

        wait_until(probe, subject=f"the webserver, for {action},", seconds=self._patience, interval=0.25)
        return answers[-1]

    def _ensure_login(self) -> None:
        with self._login:
            if self._is_logged_in:
                return
            page = self._client.get("/login/")
            found = _CSRF.search(page.text)
            form = {"username": self._endpoints.username, "password": self._endpoints.password}
            if found:
                form["csrf_token"] = found.group(1)
            answer = self._client.post("/login/", data=form, headers={"Referer": str(page.url)})
            self._is_logged_in = answer.is_redirect and "login" not in answer.headers.get("location", "")
            if not self._is_logged_in:
                raise httpx.ReadError(f"login of user {self._endpoints.username} was refused")


def _detail(response: httpx.Response) -> str:
    try:
        document = response.json()
        return f"{response.status_code} {document['title']}: {document.get('detail') or ''}".rstrip(": ")
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.reason_phrase}"
