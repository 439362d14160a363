from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def work():
    import tensorflow


with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    PythonOperator(task_id="a", python_callable=work)
