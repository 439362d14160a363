"""`up`: start the environment."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

from harness.errors import ExitStatus

if TYPE_CHECKING:
    from harness.cli.invocation import Invocation


class Wait(Enum):
    """Whether `up` returns when every service is ready, or as soon as they are started."""

    UNTIL_READY = "until ready"
    UNTIL_STARTED = "until started"


def up(invocation: Invocation, *, wait: Wait, runtime: str | None) -> int:
    """Start what is not running, and say where it can be reached."""
    environment = invocation.open_environment({} if runtime is None else {"local.runtime": runtime})
    environment.require_inputs()
    backend, console = environment.backend, invocation.console
    begin = time.monotonic()
    with console.progress() as events:
        environment.announce_runtime(events)
        if wait is Wait.UNTIL_READY:
            backend.up(events)
        else:
            backend.start(events)
    endpoints = backend.endpoints()
    state = "ready" if wait is Wait.UNTIL_READY else "started"
    console.say(f"{environment.settings.environment.name} is {state} ({time.monotonic() - begin:.1f} s)")
    console.say(f"  Airflow UI     {endpoints.webserver_url}  (user and password: mwaa-harness open)")
    console.say(f"  AWS endpoint   {endpoints.aws_endpoint_url}")
    console.say(f"  source bucket  s3://{endpoints.bucket}")
    return ExitStatus.SUCCESS
