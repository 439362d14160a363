"""Airflow options an environment starts with: MWAA's own values, and ours where a local machine needs others.

Keys are `section.option`. `docs/differences.md` explains every value that is not MWAA's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.runtime.environment_classes import ENVIRONMENT_CLASSES, EnvironmentClass
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config.model import LoggingSettings, ModuleLogging, Settings

MWAA_SYNC_INTERVAL = 30.0
"""From this `sync_interval` on (seconds), DAG files are also looked for at MWAA's pace (facts 3.3)."""

VISIBILITY_TIMEOUT = 43200
_IDLE_SLEEP = "scheduler.scheduler_idle_sleep_time"
CELERY_CONFIG_MODULE = "mwaa_celery_config"


def environment_class(settings: Settings) -> EnvironmentClass:
    """The row of the environment's class; settings are validated, so it exists."""
    return ENVIRONMENT_CLASSES[settings.environment.environment_class]


def default_options(settings: Settings, component: Role) -> dict[str, str]:
    """Values a startup script or the user's configuration options may replace."""
    return {
        "api.auth_backends": "airflow.api.auth.backend.session",
        "celery.sync_parallelism": "1",
        # One try takes a second: the scheduler waits for a LocalStack that is being started anew.
        "celery.task_publish_max_retries": "120",
        "core.default_pool_task_slot_count": "10000",
        "core.lazy_load_plugins": "True",
        "core.execute_tasks_new_python_interpreter": "False",
        "scheduler.catchup_by_default": "False",
        "webserver.cookie_secure": "False",
        "webserver.expose_config": "False",
        "webserver.page_size": "100",
        "webserver.web_server_master_timeout": "600",
        "webserver.workers": "1",
        **_pace_options(settings),
        **_logging_options(settings.environment.logging, component),
    }


def scaled_options(settings: Settings) -> dict[str, str]:
    """Values that follow the environment class: the user's options replace them, startup scripts cannot."""
    chosen = environment_class(settings)
    return {
        "celery.worker_autoscale": chosen.worker_autoscale,
        "core.parallelism": "10000",
        "core.max_active_tasks_per_dag": "10000",
        "scheduler.parsing_processes": str(chosen.parsing_processes),
    }


def forced_options(settings: Settings, *, queue_url: str, base_url: str) -> dict[str, str]:
    """Values nobody replaces (facts 6.1 and 7.2), secrets and the database address aside."""
    queue = queue_url.rpartition("/")[2]
    return {
        "celery.broker_url": "sqs://",
        "celery.celery_config_options": f"{CELERY_CONFIG_MODULE}.CELERY_CONFIG",
        "celery.default_queue": queue,
        "celery.worker_enable_remote_control": "False",
        "celery_broker_transport_options.is_secure": "False",
        "celery_broker_transport_options.predefined_queues": json.dumps({queue: {"url": queue_url}}),
        "celery_broker_transport_options.region": settings.local.region,
        "celery_broker_transport_options.visibility_timeout": str(VISIBILITY_TIMEOUT),
        "core.executor": "CeleryExecutor",
        "core.load_examples": "False",
        "metrics.statsd_host": "localhost",
        "metrics.statsd_on": "False",
        "metrics.statsd_port": "8125",
        "metrics.statsd_prefix": "airflow",
        "operators.default_queue": queue,
        "webserver.base_url": base_url,
    }


def option_variable(option: str) -> str:
    """`section.option` as the environment variable Airflow reads."""
    section, _, name = option.partition(".")
    return f"AIRFLOW__{section.upper()}__{name.upper()}"


def option_variables(options: Mapping[str, str]) -> dict[str, str]:
    """Every `section.option` of `options` as an environment variable."""
    return {option_variable(option): value for option, value in options.items()}


def _pace_options(settings: Settings) -> dict[str, str]:
    """What makes a local run quick without changing what it does."""
    if settings.local.sync_interval >= MWAA_SYNC_INTERVAL:
        return {}
    return {
        # How long a changed DAG may stay as it was stored, and a stored one as it was read: 30 and 10 s.
        "core.min_serialized_dag_update_interval": "1",
        "core.min_serialized_dag_fetch_interval": "1",
        "scheduler.dag_dir_list_interval": "1",
        _IDLE_SLEEP: "0.2",
    }


def busy_variables(settings: Settings) -> dict[str, str]:
    """How often the scheduler looks while something is under way (harness/inside/start_airflow.py).

    Looking as often when nothing happens would cost a third of a processor. An option of the user's own holds
    always.
    """
    is_chosen = _IDLE_SLEEP in settings.environment.airflow_configuration_options
    return {} if is_chosen or not _pace_options(settings) else {"MWAA_HARNESS_BUSY_SLEEP": "0.05"}


def _logging_options(logging: LoggingSettings, component: Role) -> dict[str, str]:
    module = {
        Role.SCHEDULER: logging.scheduler_logs,
        Role.WEBSERVER: logging.webserver_logs,
    }.get(component, logging.task_logs)
    return {
        "logging.logging_level": _level(module),
        "logging.celery_logging_level": _level(logging.worker_logs),
        "logging.colored_console_log": "False",
    }


def _level(module: ModuleLogging) -> str:
    return module.log_level.value if module.enabled else "INFO"
