"""Steps that each take a second and then leave a file of their own: a second success would show.

Where the run's `conf` says so, a step waits in the triggerer before it ends.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime, timedelta

from airflow import DAG
from airflow.models.baseoperator import BaseOperator
from airflow.triggers.temporal import TimeDeltaTrigger


class Step(BaseOperator):
    def execute(self, context):
        time.sleep(1)
        seconds = context["dag_run"].conf.get("deferred_seconds")
        if seconds:
            self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=seconds)), method_name="finish")
        self.finish(context)

    def finish(self, context, event=None):
        instance = context["ti"]
        name = f"{instance.run_id}@{instance.task_id}@{instance.try_number}@{uuid.uuid4().hex}"
        with open(os.path.join(context["dag_run"].conf["marks"], name), "x", encoding="utf-8"):
            pass


SETTINGS = {
    "start_date": datetime(2023, 1, 1),
    "max_active_runs": 30,
    "default_args": {"retries": 1, "retry_delay": timedelta(0)},
}

with DAG("in_flight", schedule=None, **SETTINGS):
    Step(task_id="first")

with DAG("in_flight_chain", schedule=None, **SETTINGS):
    Step(task_id="first") >> Step(task_id="second")
