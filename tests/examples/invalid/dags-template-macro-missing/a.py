from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator


def shout(text):
    return text.upper()


with DAG(
    "example_template_macro",
    start_date=datetime(2023, 1, 1),
    schedule=None,
    user_defined_macros={"shout": shout},
):
    BashOperator(task_id="macro", bash_command="echo {{ macros.week_of(ds) }} {{ shout(ds) }}")
    BashOperator(task_id="name", bash_command="echo {{ run_date }}", env={"A": "{{ ds }}"})
    BashOperator(task_id="filter", bash_command="echo {{ ds | weekday }}")
