from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("x", start_date=datetime.now(), schedule="@daily"):
    EmptyOperator(task_id="a")
