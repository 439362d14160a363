"""One of two branches runs, a task recovers on its second try, and trigger rules join it all."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.decorators import dag, task
from airflow.exceptions import AirflowException
from airflow.operators.empty import EmptyOperator
from airflow.utils.trigger_rule import TriggerRule


@dag(
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    params={"size": "small"},
    doc_md=__doc__,
    tags=["example"],
)
def branching_and_retries():
    @task.branch
    def choose(params: dict | None = None) -> str:
        return "handle_large" if params["size"] == "large" else "handle_small"

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def handle_small(ti=None) -> int:
        if ti.try_number == 1:
            raise AirflowException("The first try fails on purpose; the second one succeeds")
        return ti.try_number

    join = EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def report(dag_run=None) -> dict[str, str]:
        return {each.task_id: each.state for each in dag_run.get_task_instances() if each.task_id != "report"}

    choose() >> [handle_small(), EmptyOperator(task_id="handle_large")] >> join >> report()


branching_and_retries()
