"""What every backend promises, shown on a running environment. Tests leave it running."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import httpx
import psycopg
import pytest
from botocore.config import Config

from harness.errors import HarnessError, UsageError
from harness.events import Event, StepFinished, StepStarted, ignore_events
from harness.runtime.backend import ServiceState
from harness.runtime.services import Role
from tests.contract.conftest import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.conftest import Subject

pytestmark = [pytest.mark.environment, pytest.mark.slow]


@pytest.fixture(scope="module", params=PARAMETERS)
def subject(request: pytest.FixtureRequest, make_subject: Callable[[str], Subject]) -> Iterator[Subject]:
    """A project whose environment is up when the first test asks for it."""
    made = make_subject(request.param)
    made.backend.up(ignore_events)
    yield made
    made.discard()


SERVICES = ["postgres", "localstack", "controlplane", "scheduler", "worker", "webserver", "triggerer"]


def test_every_service_is_ready_by_evidence(subject: Subject) -> None:
    lines = {line.name: line for line in subject.backend.status()}

    assert list(lines) == SERVICES
    assert {line.state for line in lines.values()} == {ServiceState.READY}
    assert all(line.detail and line.uptime is not None and line.memory for line in lines.values())
    assert lines["webserver"].port == urlsplit(subject.backend.endpoints().webserver_url).port
    assert subject.backend.is_up()


def test_up_on_a_running_environment_changes_nothing(subject: Subject) -> None:
    before = {line.name: line.pid for line in subject.backend.status()}

    heard = subject.up()

    assert {line.name: line.pid for line in subject.backend.status()} == before
    assert not [event for event in heard if isinstance(event, StepStarted) and event.step in SERVICES]


def test_two_at_once_start_nothing_twice(subject: Subject) -> None:
    before = {line.name: line.pid for line in subject.backend.status()}
    errors: list[BaseException] = []

    def run() -> None:
        try:
            subject.backend.up(ignore_events)
        except HarnessError as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert {line.name: line.pid for line in subject.backend.status()} == before


def test_the_database_is_migrated_and_only_the_password_opens_it(subject: Subject) -> None:
    dsn = subject.backend.endpoints().database_dsn
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ab_user WHERE username = 'admin'").fetchone() == (1,)

    parts = urlsplit(dsn)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=parts.hostname, port=parts.port, user=parts.username, password="wrong")


def test_the_interface_lets_the_printed_user_in_over_plain_http(subject: Subject) -> None:
    endpoints = subject.backend.endpoints()
    with httpx.Client(
        base_url=endpoints.webserver_url, follow_redirects=True, trust_env=False, timeout=60
    ) as client:
        page = client.get("/login/").text
        token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
        form = {"username": endpoints.username, "password": endpoints.password, "csrf_token": token}
        client.post("/login/", data=form)

        assert client.get("/api/v1/dags").status_code == httpx.codes.OK


def test_the_bucket_and_the_queue_are_there(subject: Subject) -> None:
    endpoints = subject.backend.endpoints()
    session = boto3.Session(
        aws_access_key_id=subject.settings.local.account_id,
        aws_secret_access_key="dummy",
        region_name=endpoints.region,
    )
    url, direct = endpoints.aws_endpoint_url, Config(proxies={})
    with (
        closing(session.client("s3", endpoint_url=url, config=direct)) as s3,
        closing(session.client("sqs", endpoint_url=url, config=direct)) as sqs,
    ):
        keys = {entry["Key"] for entry in s3.list_objects_v2(Bucket=endpoints.bucket)["Contents"]}
        assert "dags/contract.py" in keys
        assert s3.get_bucket_versioning(Bucket=endpoints.bucket)["Status"] == "Enabled"
        assert sqs.get_queue_url(QueueName=subject.settings.queue)["QueueUrl"] == endpoints.queue_url


def test_nothing_listens_beyond_loopback(subject: Subject) -> None:
    assert subject.trace.listening_addresses() == {"127.0.0.1"}


def test_the_airflow_command_runs_inside(subject: Subject, capfd: pytest.CaptureFixture[str]) -> None:
    assert subject.backend.airflow(["version"]) == 0
    assert "2.5.1" in capfd.readouterr().out
    assert subject.backend.airflow(["no-such-command"]) != 0


def test_logs_name_their_service_and_since_leaves_out_what_is_older(subject: Subject) -> None:
    lines = list(subject.backend.logs(["postgres", "scheduler"], None))

    assert {line.service for line in lines} == {"postgres", "scheduler"}
    assert any("ready to accept connections" in line.text for line in lines)
    assert list(subject.backend.logs(["postgres"], datetime(2999, 1, 1, tzinfo=timezone.utc))) == []


def test_a_service_that_is_not_there_is_named_with_those_that_are(subject: Subject) -> None:
    with pytest.raises(UsageError, match="there is no service 'flower'") as caught:
        subject.backend.restart("flower", ignore_events)

    assert "scheduler" in (caught.value.hint or "")
    with pytest.raises(UsageError):
        list(subject.backend.logs(["flower"], None))


@pytest.mark.parametrize("name", ["triggerer", "localstack", "postgres"])
def test_a_restarted_service_is_another_process_and_ready(subject: Subject, name: str) -> None:
    before = {line.name: line.pid for line in subject.backend.status()}
    heard: list[Event] = []

    subject.backend.restart(name, heard.append)

    after = {line.name: line for line in subject.backend.status()}
    assert after[name].pid != before[name]
    assert after[name].state is ServiceState.READY
    assert [event.step for event in heard if isinstance(event, StepFinished)] == [name, name]


def test_roles_are_told(subject: Subject) -> None:
    assert [line.role for line in subject.backend.status()] == [Role(name) for name in SERVICES]
