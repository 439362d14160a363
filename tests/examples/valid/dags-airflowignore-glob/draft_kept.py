from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    EmptyOperator(task_id="a")
