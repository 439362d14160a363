"""Two Python tasks: the first logs what Airflow tells it, the second multiplies."""

from __future__ import annotations

import logging
import os

import pendulum
from airflow import DAG
from airflow.operators.python import PythonOperator

log = logging.getLogger(__name__)


def log_context(**context):
    for name in ("dag", "task", "run_id", "logical_date", "data_interval_start", "data_interval_end"):
        log.info("%s: %s", name, context[name])
    log.info("conf: %s", context["dag_run"].conf)
    log.info("stage, from startup.sh: %s", os.environ.get("EXAMPLE_STAGE", "not set"))


def multiply(a, b):
    return a * b


with DAG(
    "simple_demo",
    description=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    tags=["example"],
):
    task1 = PythonOperator(task_id="task1", python_callable=log_context)
    task2 = PythonOperator(task_id="task2", python_callable=multiply, op_args=[3, 5])
    task1 >> task2
