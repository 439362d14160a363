from datetime import datetime

from airflow import DAG
from airflow.models import BaseOperator


class Load(BaseOperator):
    template_fields = ("query",)

    def __init__(self, sql, **options):
        super().__init__(**options)
        self.sql = sql


with DAG("example_template_field", start_date=datetime(2023, 1, 1), schedule=None):
    Load(task_id="load", sql="SELECT 1")
