from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.timetables.base import DataInterval, Timetable


class Unregistered(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval.exact(run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        return None

with DAG("example", start_date=datetime(2023, 1, 1), schedule=Unregistered()) as dag:
    EmptyOperator(task_id="a")
