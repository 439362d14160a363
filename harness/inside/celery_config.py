"""Celery's configuration inside an environment, as MWAA gives it: one predefined SQS queue, nothing else.

The launcher puts this file into `<AIRFLOW_HOME>/config/` as `mwaa_celery_config.py`, where Airflow finds it
by `celery.celery_config_options`. It reads what Airflow was configured with:
`AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__PREDEFINED_QUEUES` (JSON, `{name: {"url": ...}}`), `…__REGION`,
`…__VISIBILITY_TIMEOUT`, the dummy AWS credentials, and `AIRFLOW_HOME`.

A worker that consumes its queue says so in `<AIRFLOW_HOME>/worker-ready.json`; remote control is off as on
MWAA, so there is nobody to ping.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pycurl
from airflow.config_templates.default_celery import DEFAULT_CELERY_CONFIG
from celery.signals import worker_ready, worker_shutdown
from kombu.asynchronous.aws.connection import AsyncAWSQueryConnection
from kombu.asynchronous.http.curl import CurlClient
from kombu.transport.SQS import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

READY_FILE = "worker-ready.json"

_RETRY_SECONDS = 0.2
_QUEUE_GONE = b"NonExistentQueue"
_PREFIX = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
_WAIT_SECONDS = 1
"""A long poll ends at once when a message comes; the poll a killed worker leaves behind can swallow one."""


def celery_config(environment: Mapping[str, str]) -> dict[str, object]:
    """Celery's settings for the given environment variables."""
    access_key = environment["AWS_ACCESS_KEY_ID"]
    secret_key = environment["AWS_SECRET_ACCESS_KEY"]
    queues = json.loads(environment[_PREFIX + "PREDEFINED_QUEUES"])
    endpoint = urlsplit(next(iter(queues.values()))["url"])
    credentials = {"access_key_id": access_key, "secret_access_key": secret_key}
    return {
        **DEFAULT_CELERY_CONFIG,
        "broker_url": f"sqs://{quote(access_key, safe='')}:{quote(secret_key, safe='')}@{endpoint.netloc}",
        "broker_transport_options": {
            "is_secure": endpoint.scheme == "https",
            "predefined_queues": {name: {**queue, **credentials} for name, queue in queues.items()},
            "region": environment[_PREFIX + "REGION"],
            "visibility_timeout": int(environment[_PREFIX + "VISIBILITY_TIMEOUT"]),
            "wait_time_seconds": _WAIT_SECONDS,
        },
        "task_acks_late": True,
        "worker_enable_remote_control": False,
    }


@worker_ready.connect
def _announce(sender: Any, **_: object) -> None:
    """Leave evidence once the queue answers; Celery itself calls a worker ready before it has asked."""
    queues = sorted(sender.app.amqp.queues.consume_from)
    if not _write_ready_file(sender.app, queues):
        threading.Thread(target=_keep_trying, args=(sender.app, queues), daemon=True).start()


def _keep_trying(app: Any, queues: list[str]) -> None:
    while not _write_ready_file(app, queues):
        time.sleep(_RETRY_SECONDS)


def _write_ready_file(app: Any, queues: list[str]) -> bool:
    """Ask for each queue and write the evidence; whether every queue was there."""
    try:
        with app.connection() as connection:
            for queue in queues:
                connection.default_channel.queue_declare(queue, passive=True)
    except Exception:  # noqa: BLE001 -- the broker is away; the caller asks again
        return False
    path = _ready_file()
    with open(path + ".partial", "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "time": time.time(), "queues": queues}, file)
    os.replace(path + ".partial", path)
    return True


def _say_that_messages_may_be_lost() -> None:
    """An answer that never came may have held some: the control plane takes a younger file as a new start."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(_ready_file())


@worker_shutdown.connect
def _remove_ready_file(**_: object) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_ready_file())


def _ready_file() -> str:
    return os.path.join(os.environ["AIRFLOW_HOME"], READY_FILE)


def survive_broker_loss() -> None:
    """Let a worker outlive its broker: LocalStack keeps nothing, so its queue is missing for a moment.

    kombu 5.2.4 ends the worker when the queue is gone, and asks again without a pause when the broker is.
    """
    take_answer = AsyncAWSQueryConnection._on_list_ready  # noqa: SLF001 -- kombu offers no other way in
    take_messages = Channel._on_messages_ready  # noqa: SLF001

    def on_list_ready(self: Any, parent: Any, markers: Any, operation: str, response: Any) -> Any:
        if response.status == HTTPStatus.BAD_REQUEST and _QUEUE_GONE in response.read():
            return []
        return take_answer(self, parent, markers, operation, response)

    def on_messages_ready(self: Any, queue: str, qname: str, messages: Any) -> None:
        has_failed = not isinstance(messages, dict)  # kombu makes a failure an empty list
        if getattr(self, "mwaa_harness_failed", False) and not has_failed:
            _say_that_messages_may_be_lost()
        self.mwaa_harness_failed = has_failed
        take_messages(self, queue, qname, messages)

    def poll_again(self: Any, queue: str, _: object = None) -> None:
        if getattr(self, "mwaa_harness_failed", False):
            self.hub.call_later(_RETRY_SECONDS, self._schedule_queue, queue)
        else:
            self.hub.call_soon(self._schedule_queue, queue)

    AsyncAWSQueryConnection._on_list_ready = on_list_ready  # noqa: SLF001
    Channel._on_messages_ready = on_messages_ready  # noqa: SLF001
    Channel._loop1 = poll_again  # noqa: SLF001


def end_unanswered_requests() -> None:
    """Let no request wait for ever: kombu 5.2.4 gives each a time limit and does not tell curl.

    A worker whose network was away would otherwise wait for a lost answer until TCP gives up, which takes a
    quarter of an hour.
    """
    set_up = CurlClient._setup_request  # noqa: SLF001 -- as above

    def set_up_with_limits(self: Any, curl: Any, request: Any, *arguments: Any) -> Any:
        done = set_up(self, curl, request, *arguments)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, round(request.connect_timeout * 1000))
        curl.setopt(pycurl.TIMEOUT_MS, round(request.request_timeout * 1000))
        return done

    CurlClient._setup_request = set_up_with_limits  # noqa: SLF001


survive_broker_loss()
end_unanswered_requests()
CELERY_CONFIG = celery_config(os.environ)
