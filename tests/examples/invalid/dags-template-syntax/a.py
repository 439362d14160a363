from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("example_template_syntax", start_date=datetime(2023, 1, 1), schedule=None):
    BashOperator(task_id="say", bash_command="echo {{ ds ")
    BashOperator(task_id="repeat", bash_command="{% for each in params.names %}echo {{ each }}")
