from datetime import datetime

from airflow.decorators import dag, task


@dag(start_date=datetime(2023, 1, 1), schedule="@daily", catchup=False)
def mapped():
    @task
    def numbers() -> list[int]:
        return [1, 2, 3]

    @task
    def double(number: int) -> int:
        return number * 2

    double.expand(number=numbers())


mapped()
