from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator

with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    PythonOperator(task_id="a", python_callable=print, provide_context=True)
