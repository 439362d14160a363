"""TaskFlow: as many mapped tasks as a list has entries, known only when the run is under way."""

from __future__ import annotations

import pendulum
from airflow.decorators import dag, task


@dag(
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    params={"count": 3},
    doc_md=__doc__,
    tags=["example"],
)
def dynamic_mapping():
    @task
    def list_numbers(params: dict | None = None) -> list[int]:
        return list(range(1, params["count"] + 1))

    @task
    def square(number: int) -> int:
        return number * number

    @task
    def add_up(squares: list[int]) -> int:
        return sum(squares)

    add_up(square.expand(number=list_numbers()))


dynamic_mapping()
