import os
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonVirtualenvOperator

TOOLS = os.path.join(os.path.dirname(__file__), "tools")
os.environ["PATH"] = TOOLS + os.pathsep + os.environ["PATH"]


def train():
    import json

    import sklearn

    return json.dumps(sklearn.__version__)


def plot():
    import matplotlib

    return matplotlib.__version__


def read():
    import yaml

    return yaml.__version__


with DAG("example_virtualenv", start_date=datetime(2023, 1, 1), schedule=None):
    PythonVirtualenvOperator(task_id="train", python_callable=train)
    PythonVirtualenvOperator(task_id="plot", python_callable=plot, requirements=["pandas==1.5.2"])
    PythonVirtualenvOperator(
        task_id="read", python_callable=read, requirements=["pyyaml"], system_site_packages=False
    )
