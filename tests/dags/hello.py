"""The smallest DAG that says something."""

from __future__ import annotations

from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("hello", start_date=datetime(2023, 1, 1), schedule=None):
    BashOperator(task_id="greet", bash_command="echo hello")
