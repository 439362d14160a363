from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    a = EmptyOperator(task_id="a")
    b = EmptyOperator(task_id="b")
    a >> b >> a
