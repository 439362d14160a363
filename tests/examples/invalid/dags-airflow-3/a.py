from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("example_airflow_3", start_date=datetime(2023, 1, 1), schedule=None):
    BashOperator(task_id="say", bash_command="echo", task_concurrency=1)
