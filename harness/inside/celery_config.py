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
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.config_templates.default_celery import DEFAULT_CELERY_CONFIG
from celery.signals import worker_ready, worker_shutdown

if TYPE_CHECKING:
    from collections.abc import Mapping

READY_FILE = "worker-ready.json"

_PREFIX = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
_WAIT_SECONDS = 1


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
def _write_ready_file(sender: Any, **_: object) -> None:
    """Leave the evidence that this worker's consumer is connected and polls."""
    evidence = {
        "pid": os.getpid(),
        "time": time.time(),
        "queues": sorted(sender.app.amqp.queues.consume_from),
    }
    path = _ready_file()
    partial = path + ".partial"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(evidence, file)
    os.replace(partial, path)


@worker_shutdown.connect
def _remove_ready_file(**_: object) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_ready_file())


def _ready_file() -> str:
    return os.path.join(os.environ["AIRFLOW_HOME"], READY_FILE)


CELERY_CONFIG = celery_config(os.environ)
