from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx
import pytest

from harness.project.seeds import SeedConnection, SeedPool
from harness.runner.airflow_api import AirflowApi, ApiError
from harness.runner.run_state import RunKey
from harness.runtime.backend import Endpoints
from harness.waiting import DeadlineError

_ENDPOINTS = Endpoints("http://127.0.0.1:1", "admin", "secret word", "", "", "", "", "")
_KEY = RunKey("etl", "test__1")


@dataclass
class Webserver:
    """Enough of Airflow's webserver: login form, session cookie, runs, variables."""

    runs: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    failures: list[httpx.Response | Exception] = field(default_factory=list)
    sessions: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.path}")
        if request.url.path == "/login/":
            return self._log_in(request)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                self.runs.add(_KEY.run_id)  # the request arrived, its answer did not
                raise failure
            return failure
        if f"session=s{self.sessions}" not in request.headers.get("cookie", ""):
            return httpx.Response(401, json={"title": "Unauthorized", "detail": None})
        return self._serve(request)

    def _log_in(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(
                200, text='<input id="csrf_token" name="csrf_token" type="hidden" value="tok.en-1">'
            )
        form = parse_qs(request.content.decode())
        if form["csrf_token"] != ["tok.en-1"] or form["password"] != ["secret word"]:
            return httpx.Response(302, headers={"location": "/login/"})
        self.sessions += 1
        headers = {"location": "/home", "set-cookie": f"session=s{self.sessions}; Path=/"}
        return httpx.Response(302, headers=headers)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        body = json.loads(request.content) if request.content else {}
        if path == "/dags/etl/dagRuns":
            if body["dag_run_id"] in self.runs:
                return httpx.Response(409, json={"title": "Conflict", "detail": "exists"})
            self.runs.add(body["dag_run_id"])
            return httpx.Response(200, json={})
        if path.startswith("/dags/etl/dagRuns/"):
            found = path.rpartition("/")[2] in self.runs
            return httpx.Response(200, json={}) if found else httpx.Response(404, json={"title": "Not found"})
        if path.startswith(("/variables", "/connections", "/pools")):
            name = body.get("key") or body.get("connection_id") or body["name"]
            if request.method == "POST" and name in self.variables:
                return httpx.Response(409, json={"title": "Conflict"})
            self.variables[name] = json.dumps(body)
            return httpx.Response(200, json={})
        return httpx.Response(400, json={"title": "Bad Request", "detail": "has import errors"})


@pytest.fixture
def webserver() -> Webserver:
    return Webserver()


@pytest.fixture
def api(webserver: Webserver) -> AirflowApi:
    return AirflowApi(_ENDPOINTS, transport=httpx.MockTransport(webserver), patience=5)


def test_it_logs_in_once_and_triggers(api: AirflowApi, webserver: Webserver) -> None:
    api.trigger(_KEY, {}, None)
    api.trigger(RunKey("etl", "test__2"), {}, None)
    assert webserver.runs == {"test__1", "test__2"}
    assert webserver.requests.count("POST /login/") == 1


def test_a_lost_answer_does_not_trigger_twice(api: AirflowApi, webserver: Webserver) -> None:
    webserver.failures = [httpx.ReadError("connection lost")]
    api.trigger(_KEY, {}, None)
    assert webserver.runs == {"test__1"}


def test_a_conflict_with_another_run_is_an_error(api: AirflowApi, webserver: Webserver) -> None:
    webserver.failures = [httpx.Response(409, json={"title": "Conflict", "detail": "logical date exists"})]
    with pytest.raises(ApiError, match="triggering etl failed: 409 Conflict: logical date exists"):
        api.trigger(_KEY, {}, None)


def test_a_webserver_that_starts_again_is_waited_for(api: AirflowApi, webserver: Webserver) -> None:
    webserver.failures = [httpx.Response(503), httpx.Response(502)]
    api.trigger(_KEY, {}, None)
    assert webserver.runs == {"test__1"}


def test_a_session_that_ended_is_begun_again(api: AirflowApi, webserver: Webserver) -> None:
    api.trigger(_KEY, {}, None)
    webserver.failures = [httpx.Response(401, json={"title": "Unauthorized"})]
    api.trigger(RunKey("etl", "test__2"), {}, None)
    assert webserver.sessions == 2


def test_a_refusal_says_what_and_why(api: AirflowApi) -> None:
    with pytest.raises(ApiError, match="unpausing etl failed: 400 Bad Request: has import errors"):
        api.unpause("etl")


def test_a_refused_login_ends_the_patience_without_telling_the_password(webserver: Webserver) -> None:
    endpoints = Endpoints("http://127.0.0.1:1", "admin", "wrong word", "", "", "", "", "")
    api = AirflowApi(endpoints, transport=httpx.MockTransport(webserver), patience=0)
    with pytest.raises(DeadlineError, match="login of user admin was refused") as caught:
        api.trigger(_KEY, {}, None)
    assert "wrong word" not in str(caught.value)


def test_seeds_are_created_and_then_brought_up_to_date(api: AirflowApi, webserver: Webserver) -> None:
    for value in ("1", "2"):
        api.put_variable("colour", value)
        api.put_connection(SeedConnection("db", "http", extra={"timeout": value}))
        api.put_pool(SeedPool("small", 2))
    assert json.loads(webserver.variables["colour"]) == {"key": "colour", "value": "2"}
    expected = {"connection_id": "db", "conn_type": "http", "extra": '{"timeout": "2"}'}
    assert json.loads(webserver.variables["db"]) == expected
    assert webserver.requests[-1] == "PATCH /api/v1/pools/small"
