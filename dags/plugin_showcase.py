"""An operator, a macro and a listener from `plugins/`, as plugins.zip brings them to MWAA."""

from __future__ import annotations

import pendulum
from airflow import DAG
from example_company.operators import GreetOperator

with DAG(
    "plugin_showcase",
    description=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    tags=["example", "plugins"],
):
    GreetOperator(
        task_id="greet",
        whom="{{ macros.example_company.shout(dag_run.conf.get('whom', 'world')) }}",
    )
