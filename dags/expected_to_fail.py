"""Fails on purpose. dag-tests.toml says so, and the test passes because it fails as it should."""

from __future__ import annotations

import pendulum
from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException


@dag(
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["example"],
)
def expected_to_fail():
    @task
    def extract() -> int:
        return 0

    @task
    def validate(rows: int):
        if not rows:
            raise AirflowFailException("No rows were extracted")

    @task
    def load():
        """Never runs: its upstream failed."""

    validate(extract()) >> load()


expected_to_fail()
