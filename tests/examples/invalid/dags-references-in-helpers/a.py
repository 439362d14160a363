import os
import sys
from datetime import datetime

from airflow import DAG
from airflow.decorators import task

sys.path.insert(0, os.path.dirname(__file__))
from helper_of_references_example import load


@task
def report():
    return load()


with DAG("example_references", start_date=datetime(2023, 1, 1), schedule=None):
    report()
