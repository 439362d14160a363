from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.datasets import Dataset

with DAG("producer", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    BashOperator(task_id="a", bash_command="true", outlets=[Dataset("s3://example/x")])
