from datetime import datetime

from airflow.models import DAG
from airflow.operators.empty import EmptyOperator


def make_dag(name):
    with DAG(name, start_date=datetime(2023, 1, 1), schedule="@daily") as made:
        EmptyOperator(task_id="a")
    return made
