"""Connections and variables: some live in Secrets Manager, some in Airflow's own database."""

from __future__ import annotations

import pendulum
from airflow.decorators import dag, task
from airflow.hooks.base import BaseHook
from airflow.models import Variable


@dag(
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["example", "secrets"],
)
def secrets_backend():
    @task
    def read_connections() -> dict[str, str]:
        names = {"orders_api": "Secrets Manager", "warehouse": "the database"}
        return {origin: BaseHook.get_connection(name).host for name, origin in names.items()}

    @task
    def read_variables() -> dict[str, object]:
        return {
            "Secrets Manager": Variable.get("alert_threshold"),
            "the database": Variable.get("regions", deserialize_json=True),
        }

    @task(pool="reports")
    def run_in_pool(ti=None) -> str:
        return ti.pool

    [read_connections(), read_variables()] >> run_in_pool()


secrets_backend()
