from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonVirtualenvOperator


def train():
    import sklearn

    return sklearn.__version__


with DAG("example_virtualenv_absent", start_date=datetime(2023, 1, 1), schedule=None):
    PythonVirtualenvOperator(task_id="train", python_callable=train)
