from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("example_task_id", start_date=datetime(2023, 1, 1), schedule=None):
    BashOperator(task_id="say_" + "a" * 250, bash_command="echo")
