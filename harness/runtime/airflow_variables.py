"""Everything a component's process sees of its environment, as MWAA would set it. Pure: values in and out.

MWAA's precedence (facts 6): service defaults < exports of the startup script < the user's configuration
options < protected variables. The launcher runs the startup script between the first two, so the layers
are also given one by one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.config.model import Settings
from harness.runtime.backend import Endpoints
from harness.runtime.emulated_credentials import emulated_credentials
from harness.runtime.emulated_services import redirection_variables
from harness.runtime.forced_options import (
    busy_variables,
    default_options,
    forced_options,
    option_variables,
    scaled_options,
)
from harness.runtime.host_variables import host_credentials, passed_on_variables
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role

_ENVIRONMENT_IDS = uuid.UUID("5f0c7f5e-6f0e-5d0b-9a39-2f5f1c3f7d11")

RESERVED_NAMES = frozenset(
    {
        "MWAA__AIRFLOW__COMPONENT",
        "MWAA_AIRFLOW_COMPONENT",
        "AIRFLOW_HOME",
        "AIRFLOW_VERSION",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AIRFLOW_CONN_AWS_DEFAULT",
        "PYTHONUNBUFFERED",
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__CORE__EXECUTOR",
        "AIRFLOW__CORE__LOAD_EXAMPLES",
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN",
        "SQL_ALCHEMY_CONN",
        "AIRFLOW__CORE__DAG_CONCURRENCY",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG",
        "AIRFLOW__CORE__PARALLELISM",
        "AIRFLOW__WEBSERVER__SECRET_KEY",
        "AIRFLOW__WEBSERVER__BASE_URL",
        "AIRFLOW__CELERY__BROKER_URL",
        "AIRFLOW__CELERY__RESULT_BACKEND",
        "AIRFLOW__CELERY__DEFAULT_QUEUE",
        "AIRFLOW__CELERY__WORKER_AUTOSCALE",
        "AIRFLOW__OPERATORS__DEFAULT_QUEUE",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__REGION",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__PREDEFINED_QUEUES",
        "AIRFLOW__SCHEDULER__PARSING_PROCESSES",
        "AIRFLOW_SCHEDULER_ALLOWED_RUN_ID_PATTERN",
        "AIRFLOW__METRICS__STATSD_ON",
        "AIRFLOW__METRICS__STATSD_HOST",
        "AIRFLOW__METRICS__STATSD_PORT",
        "AIRFLOW__METRICS__STATSD_PREFIX",
        "AIRFLOW__METRICS__STATSD_ALLOW_LIST",
        "AIRFLOW__METRICS__METRICS_BLOCK_LIST",
    }
)
"""MWAA's reserved variables (facts 6.1): what a startup script exports under these names is dropped."""


@dataclass(frozen=True)
class AirflowInputs:
    """What the variables depend on.

    Attributes:
        settings: the project's settings, validated.
        component: what the process is; a DAG probe passes the component it stands for.
        endpoints: where the environment's services answer.
        secrets: the environment's secrets.
        airflow_home: AIRFLOW_HOME as the process will see it.
        path: PATH of this machine; the worker environment's programs come before it.
        worker_environment: root folder of the worker environment.
        inside_folder: folder with the files of `harness/inside`.
        host_variables: the shell's environment; only what `host_variables` lists is taken from it.
        database_dsn: the metadata database as a `postgresql://` URI.
    """

    settings: Settings
    component: Role
    endpoints: Endpoints
    secrets: EnvironmentSecrets
    airflow_home: str
    path: str
    worker_environment: Path
    inside_folder: Path
    host_variables: Mapping[str, str]
    database_dsn: str


@dataclass(frozen=True)
class AirflowVariables:
    """The layers, weakest first; `reserved` names are dropped from what a startup script exports."""

    defaults: Mapping[str, str]
    options: Mapping[str, str]
    protected: Mapping[str, str]
    reserved: frozenset[str]

    def merged(self, exports: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the process gets when the startup script exported `exports`."""
        allowed = {name: value for name, value in (exports or {}).items() if name not in self.reserved}
        return {**self.defaults, **allowed, **self.options, **self.protected}


def airflow_variables(inputs: AirflowInputs) -> dict[str, str]:
    """The whole environment of a component's process when no startup script ran."""
    return layered_variables(inputs).merged()


def layered_variables(inputs: AirflowInputs) -> AirflowVariables:
    """The layers of a component's environment."""
    protected = {**_identity(inputs), **_database(inputs), **_aws(inputs), **_forced(inputs)}
    return AirflowVariables(
        defaults=_defaults(inputs),
        options=option_variables(inputs.settings.environment.airflow_configuration_options),
        protected=protected,
        reserved=RESERVED_NAMES | frozenset(protected),
    )


def environment_id(settings: Settings) -> str:
    """A stable stand-in for the id MWAA gives an environment."""
    name = f"{settings.local.account_id}/{settings.local.region}/{settings.environment.name}"
    return str(uuid.uuid5(_ENVIRONMENT_IDS, name))


def _defaults(inputs: AirflowInputs) -> dict[str, str]:
    programs = (f"{inputs.airflow_home}/.local/bin", str(inputs.worker_environment / "bin"), inputs.path)
    defaults = {
        "LANG": "C.UTF-8",
        **passed_on_variables(inputs.host_variables),
        "HOME": inputs.airflow_home,
        "USER": "airflow",
        "LOGNAME": "airflow",
        "SHELL": "/bin/bash",
        "PATH": ":".join(part for part in programs if part),
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        **option_variables(default_options(inputs.settings, inputs.component)),
        **option_variables(scaled_options(inputs.settings)),
    }
    if inputs.component is Role.WEBSERVER:
        defaults["GUNICORN_CMD_ARGS"] = "--threads=8"
    if inputs.component is Role.SCHEDULER:
        defaults |= busy_variables(inputs.settings)
    return defaults


def _identity(inputs: AirflowInputs) -> dict[str, str]:
    environment = inputs.settings.environment
    return {
        "AIRFLOW_HOME": inputs.airflow_home,
        "AIRFLOW_VERSION": environment.airflow_version,
        "AIRFLOW_ENV_NAME": environment.name,
        "AIRFLOW_ENV_ID": environment_id(inputs.settings),
        "MWAA_AIRFLOW_COMPONENT": inputs.component.value,
        "MWAA__AIRFLOW__COMPONENT": inputs.component.value,
        "PYTHONUNBUFFERED": "1",
    }


def _database(inputs: AirflowInputs) -> dict[str, str]:
    connection = "postgresql+psycopg2://" + inputs.database_dsn.partition("://")[2]
    return {
        "SQL_ALCHEMY_CONN": connection,
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": connection,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": connection,
        "AIRFLOW__CELERY__RESULT_BACKEND": "db+postgresql://" + inputs.database_dsn.partition("://")[2],
        "AIRFLOW__CORE__FERNET_KEY": inputs.secrets.fernet_key,
        "AIRFLOW__WEBSERVER__SECRET_KEY": inputs.secrets.webserver_secret_key,
    }


def _aws(inputs: AirflowInputs) -> dict[str, str]:
    local = inputs.settings.local
    version = inputs.settings.environment.airflow_version.replace(".", "")
    variables = {
        "AWS_REGION": local.region,
        "AWS_DEFAULT_REGION": local.region,
        "AWS_EXECUTION_ENV": f"Amazon_MWAA_{version}",
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        **emulated_credentials(local),
        **redirection_variables(local, inputs.endpoints.aws_endpoint_url),
    }
    if local.passthrough:
        variables |= host_credentials(inputs.host_variables)
    return variables


def _forced(inputs: AirflowInputs) -> dict[str, str]:
    endpoints = inputs.endpoints
    forced = forced_options(inputs.settings, queue_url=endpoints.queue_url, base_url=endpoints.webserver_url)
    return option_variables(forced)
