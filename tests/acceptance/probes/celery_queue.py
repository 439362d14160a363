"""What Celery is configured with in a worker environment, and what another queue's name leads to."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from celery import Celery

specification = importlib.util.spec_from_file_location("config", Path(sys.argv[1]) / "celery_config.py")
assert specification is not None
assert specification.loader is not None
module = importlib.util.module_from_spec(specification)
specification.loader.exec_module(module)

app = Celery("probe", config_source=module.CELERY_CONFIG)
try:
    app.send_task("probe", queue="default", retry=False)
    other = "it was accepted"
except Exception as error:  # noqa: BLE001 -- the test judges the outcome
    other = str(error)
answer = {
    "other": other,
    "default_queue": app.conf.task_default_queue,
    "visibility_timeout": app.conf.broker_transport_options["visibility_timeout"],
    "broker": app.connection().as_uri(),
    "acks_late": app.conf.task_acks_late,
    "remote_control": app.conf.worker_enable_remote_control,
}
sys.stdout.write("#" + json.dumps(answer) + "\n")
