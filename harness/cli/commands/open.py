"""`open`: where the running environment is, and how to get in."""

from __future__ import annotations

import shlex
import webbrowser
from enum import Enum
from typing import TYPE_CHECKING

from harness.cli.service_names import require_running
from harness.errors import ExitStatus

if TYPE_CHECKING:
    from harness.cli.answer_format import AnswerFormat
    from harness.cli.invocation import Invocation
    from harness.config.model import Settings
    from harness.runtime.backend import Endpoints


class Browser(Enum):
    """Whether a browser is started on the UI."""

    LEAVE = "leave"
    LAUNCH = "launch"


def open_environment(invocation: Invocation, *, answer: AnswerFormat, browser: Browser) -> int:
    """Print the addresses and the login of the running environment."""
    environment = invocation.open_environment()
    require_running(environment.backend)
    endpoints = environment.backend.endpoints()
    if answer.is_json:
        invocation.console.json(_document(endpoints))
    else:
        for line in _lines(endpoints, environment.settings):
            invocation.console.data(line)
    if browser is Browser.LAUNCH and not webbrowser.open(endpoints.webserver_url):
        invocation.console.say("no browser could be started; open the address by hand")
    return ExitStatus.SUCCESS


def _lines(endpoints: Endpoints, settings: Settings) -> list[str]:
    dags, target = settings.local.dags_folder, f"s3://{endpoints.bucket}/{settings.environment.dag_s3_path}"
    return [
        f"Airflow UI      {endpoints.webserver_url}",
        f"user            {endpoints.username}",
        f"password        {endpoints.password}",
        f"AWS endpoint    {endpoints.aws_endpoint_url}",
        f"region          {endpoints.region}",
        f"source bucket   s3://{endpoints.bucket}",
        f"Celery queue    {endpoints.queue_url}",
        "",
        "Upload DAGs by hand, as to the real bucket (any credentials will do):",
        f"  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={endpoints.region} \\",
        f"    aws --endpoint-url {endpoints.aws_endpoint_url} s3 sync {shlex.quote(dags)} {target}",
    ]


def _document(endpoints: Endpoints) -> dict[str, str]:
    return {
        "webserver_url": endpoints.webserver_url,
        "username": endpoints.username,
        "password": endpoints.password,
        "aws_endpoint_url": endpoints.aws_endpoint_url,
        "region": endpoints.region,
        "bucket": endpoints.bucket,
        "queue_url": endpoints.queue_url,
    }
