"""A task that gives its worker slot back while it waits: the triggerer wakes it up."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow import DAG
from airflow.models.baseoperator import BaseOperator
from airflow.triggers.temporal import TimeDeltaTrigger


class DeferredPause(BaseOperator):
    """Waits for `pause` in the triggerer and returns how it was woken up."""

    def __init__(self, *, pause, **kwargs):
        super().__init__(**kwargs)
        self.pause = pause

    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(self.pause), method_name="resume")

    def resume(self, context, event=None):
        self.log.info("Woken up by the triggerer at %s", event)
        return "resumed"


with DAG(
    "deferrable_wait",
    description=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    tags=["example", "deferrable"],
):
    DeferredPause(task_id="wait", pause=timedelta(seconds=1))
