"""Configuration options that MWAA keeps for itself: it overwrites them, so setting them is a mistake.

MWAA documents the reserved *variables* ("Using a startup script with Amazon MWAA"); an option becomes the
variable AIRFLOW__SECTION__OPTION, so the same names are out of reach as options. Five of the reserved
variables are options which the MWAA guide itself tells people to tune (`celery.worker_autoscale`,
`core.dag_concurrency`, `core.max_active_tasks_per_dag`, `core.parallelism`, `scheduler.parsing_processes`);
they may not be exported by a startup script, but they may be set here, so they are not listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BROKER = "MWAA connects its Celery workers to its own SQS queue"
_DATABASE = "MWAA connects Airflow to its own metadata database"
_QUEUE = "MWAA has one Celery queue per environment and names it itself"
_STATSD = "MWAA sends Airflow's metrics to CloudWatch through its own StatsD daemon"

BLOCKED_OPTIONS: Mapping[str, str] = {
    "celery.broker_url": _BROKER,
    "celery.default_queue": _QUEUE,
    "celery.result_backend": _DATABASE,
    "celery_broker_transport_options.predefined_queues": _BROKER,
    "celery_broker_transport_options.region": _BROKER,
    "celery_broker_transport_options.visibility_timeout": "MWAA fixes it at 43200 s, a task's limit",
    "core.executor": "MWAA runs the CeleryExecutor only",
    "core.fernet_key": "MWAA generates and keeps the Fernet key",
    "core.load_examples": "MWAA never loads Airflow's example DAGs",
    "core.sql_alchemy_conn": _DATABASE,
    "database.sql_alchemy_conn": _DATABASE,
    "metrics.metrics_block_list": _STATSD,
    "metrics.statsd_allow_list": _STATSD,
    "metrics.statsd_host": _STATSD,
    "metrics.statsd_on": _STATSD,
    "metrics.statsd_port": _STATSD,
    "metrics.statsd_prefix": _STATSD,
    "operators.default_queue": _QUEUE,
    "scheduler.allowed_run_id_pattern": "MWAA sets the pattern of run ids itself",
    "webserver.base_url": "MWAA gives the web server its address",
    "webserver.secret_key": "MWAA generates and keeps the web server's secret key",
}
