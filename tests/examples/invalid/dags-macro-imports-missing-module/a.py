from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator


def week_of(ds):
    import isoweek_of_example

    return isoweek_of_example.week(ds)


with DAG("example_macro", start_date=datetime(2023, 1, 1), schedule=None, user_defined_macros={"week_of": week_of}):
    BashOperator(task_id="say", bash_command="echo {{ week_of(ds) }}")
