"""A scheduled DAG: its tests give it a date, and its templates see the interval of that date."""

from __future__ import annotations

import pendulum
from airflow.decorators import dag, task


@dag(
    schedule="@daily",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["example"],
)
def daily_report():
    @task(templates_dict={"from": "{{ data_interval_start | ds }}", "to": "{{ data_interval_end | ds }}"})
    def name_interval(templates_dict: dict | None = None) -> str:
        return f"{templates_dict['from']} to {templates_dict['to']}"

    name_interval()


daily_report()
