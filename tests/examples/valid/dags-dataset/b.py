from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.datasets import Dataset

with DAG("consumer", start_date=datetime(2023, 1, 1), schedule=[Dataset("s3://example/x")]) as dag:
    BashOperator(task_id="a", bash_command="true")
