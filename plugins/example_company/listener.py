"""Told about every task instance that starts; says so in the task's own log."""

from __future__ import annotations

import logging

from airflow.listeners import hookimpl

log = logging.getLogger("airflow.task")


@hookimpl
def on_task_instance_running(previous_state, task_instance, session):
    log.info("The listener of plugins/ saw %s start", task_instance.task_id)
