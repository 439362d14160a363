from datetime import datetime

from airflow import DAG
from airflow.operators.python import ExternalPythonOperator


def work():
    import tensorflow


with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    ExternalPythonOperator(task_id="a", python_callable=work, python="/usr/bin/python3")
