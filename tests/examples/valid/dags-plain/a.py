from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.bash import BashOperator

with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    a = EmptyOperator(task_id="a")
    b = BashOperator(task_id="b", bash_command="echo {{ ds }}")
    a >> b
