from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.config.model import EnvironmentSettings, LocalSettings, Settings
from harness.config.reserved_options import BLOCKED_OPTIONS
from harness.runtime.airflow_variables import (
    RESERVED_NAMES,
    AirflowInputs,
    airflow_variables,
    environment_id,
    layered_variables,
)
from harness.runtime.backend import Endpoints
from harness.runtime.forced_options import option_variable
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

QUEUE = "airflow-celery-mwaa-local"
ENDPOINTS = Endpoints(
    webserver_url="http://127.0.0.1:8080",
    username="admin",
    password="admin-password",
    aws_endpoint_url="http://127.0.0.1:4566",
    region="us-east-1",
    bucket="airflow-mwaa-local",
    queue_url=f"http://127.0.0.1:4566/queue/us-east-1/123456789012/{QUEUE}",
    database_dsn="postgresql://airflow:pw@127.0.0.1:5432/airflow",
)
SECRETS = EnvironmentSecrets("fernet", "webserver", "postgres", "admin")
SHELL = {
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "a-real-secret",
    "AWS_SESSION_TOKEN": "a-real-token",
    "AWS_PROFILE": "production",
    "HOME": "/home/ada",
    "PYTHONPATH": "/home/ada/lib",
    "AIRFLOW__CORE__PARALLELISM": "3",
    "EDITOR": "vi",
    "TZ": "Europe/Berlin",
    "SSL_CERT_FILE": "/etc/company.pem",
}


def inputs(
    settings: Settings | None = None,
    component: Role = Role.WORKER,
    shell: Mapping[str, str] = SHELL,
) -> AirflowInputs:
    return AirflowInputs(
        settings=settings or Settings(),
        component=component,
        endpoints=ENDPOINTS,
        secrets=SECRETS,
        airflow_home="/usr/local/airflow",
        path="/usr/bin",
        worker_environment=Path("/envs/worker"),
        inside_folder=Path("/inside"),
        host_variables=shell,
        database_dsn=ENDPOINTS.database_dsn,
    )


def with_options(**options: str) -> Settings:
    named = {name.replace("__", "."): value for name, value in options.items()}
    return Settings(environment=EnvironmentSettings(airflow_configuration_options=named))


def of_class(name: str) -> Settings:
    return Settings(environment=EnvironmentSettings(environment_class=name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor"),
        ("AIRFLOW__CORE__LOAD_EXAMPLES", "False"),
        ("AIRFLOW__CELERY__SYNC_PARALLELISM", "1"),
        ("AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL", "False"),
        ("AIRFLOW__CORE__PARALLELISM", "10000"),
        ("AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG", "10000"),
        ("AIRFLOW__CORE__LAZY_LOAD_PLUGINS", "True"),
        ("AIRFLOW__WEBSERVER__EXPOSE_CONFIG", "False"),
        ("AIRFLOW__WEBSERVER__PAGE_SIZE", "100"),
    ],
)
def test_fact_7_2_options_have_mwaas_values(name: str, value: str) -> None:
    assert airflow_variables(inputs())[name] == value


@pytest.mark.parametrize(
    ("name", "autoscale"),
    [
        ("mw1.micro", "3,3"),
        ("mw1.small", "5,5"),
        ("mw1.medium", "10,10"),
        ("mw1.large", "20,20"),
        ("mw1.xlarge", "40,40"),
        ("mw1.2xlarge", "80,80"),
    ],
)
def test_fact_8_1_the_environment_class_sets_worker_autoscale(name: str, autoscale: str) -> None:
    assert airflow_variables(inputs(of_class(name)))["AIRFLOW__CELERY__WORKER_AUTOSCALE"] == autoscale


@pytest.mark.parametrize(("name", "processes"), [("mw1.small", "1"), ("mw1.medium", "3"), ("mw1.large", "4")])
def test_fact_7_2_parsing_processes_stay_usable_for_the_class(name: str, processes: str) -> None:
    assert airflow_variables(inputs(of_class(name)))["AIRFLOW__SCHEDULER__PARSING_PROCESSES"] == processes


def test_fact_7_1_any_option_becomes_a_variable() -> None:
    assert airflow_variables(inputs(with_options(foo__bar="baz")))["AIRFLOW__FOO__BAR"] == "baz"


def test_fact_7_2_documented_options_replace_the_scaled_values() -> None:
    settings = with_options(celery__worker_autoscale="8,2", core__parallelism="40")
    variables = airflow_variables(inputs(settings))
    assert variables["AIRFLOW__CELERY__WORKER_AUTOSCALE"] == "8,2"
    assert variables["AIRFLOW__CORE__PARALLELISM"] == "40"


@pytest.mark.parametrize("option", sorted(BLOCKED_OPTIONS))
def test_fact_7_1_no_blocked_option_gets_through(option: str) -> None:
    settings = Settings(environment=EnvironmentSettings(airflow_configuration_options={option: "mine"}))
    layers = layered_variables(inputs(settings))
    reserved_without_value = {"METRICS_BLOCK_LIST", "STATSD_ALLOW_LIST", "ALLOWED_RUN_ID_PATTERN"}
    if option_variable(option).rpartition("__")[2] not in reserved_without_value:
        assert layers.merged()[option_variable(option)] != "mine"


def test_fact_6_precedence_is_defaults_exports_options_protected() -> None:
    layers = layered_variables(inputs(with_options(webserver__page_size="7")))
    exports = {
        "AIRFLOW__WEBSERVER__PAGE_SIZE": "5",
        "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT": "True",
        "AIRFLOW__CORE__FERNET_KEY": "stolen",
        "MY_OWN": "1",
    }
    variables = layers.merged(exports)
    assert variables["AIRFLOW__WEBSERVER__PAGE_SIZE"] == "7"
    assert variables["AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT"] == "True"
    assert variables["AIRFLOW__CORE__FERNET_KEY"] == "fernet"
    assert variables["MY_OWN"] == "1"


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_fact_6_1_a_startup_script_cannot_export_a_reserved_variable(name: str) -> None:
    assert layered_variables(inputs()).merged({name: "exported"}).get(name) != "exported"


@pytest.mark.parametrize("name", ["PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "CLASSPATH"])
def test_fact_6_1_a_startup_script_may_set_search_paths(name: str) -> None:
    assert layered_variables(inputs()).merged({name: "/exported"})[name] == "/exported"


def test_fact_6_both_names_of_the_component_are_set() -> None:
    variables = airflow_variables(inputs(component=Role.SCHEDULER))
    assert variables["MWAA_AIRFLOW_COMPONENT"] == "scheduler"
    assert variables["MWAA__AIRFLOW__COMPONENT"] == "scheduler"


def test_fact_6_1_the_identity_of_the_environment_is_mwaas() -> None:
    variables = airflow_variables(inputs())
    assert variables["AWS_EXECUTION_ENV"] == "Amazon_MWAA_251"
    assert variables["AIRFLOW_ENV_NAME"] == "mwaa-local"
    assert variables["AIRFLOW_ENV_ID"] == environment_id(Settings())
    assert variables["AIRFLOW_VERSION"] == "2.5.1"
    assert variables["AIRFLOW_HOME"] == "/usr/local/airflow"
    assert variables["AIRFLOW_CONN_AWS_DEFAULT"] == "aws://"


def test_fact_10_3_the_broker_is_sqs_with_one_predefined_queue() -> None:
    variables = airflow_variables(inputs())
    prefix = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
    assert variables["AIRFLOW__CELERY__BROKER_URL"] == "sqs://"
    assert variables["AIRFLOW__OPERATORS__DEFAULT_QUEUE"] == QUEUE
    assert json.loads(variables[prefix + "PREDEFINED_QUEUES"]) == {QUEUE: {"url": ENDPOINTS.queue_url}}
    assert variables[prefix + "VISIBILITY_TIMEOUT"] == "43200"


def test_fact_10_3_results_are_kept_in_the_metadata_database() -> None:
    variables = airflow_variables(inputs())
    database = "airflow:pw@127.0.0.1:5432/airflow"
    assert variables["AIRFLOW__CELERY__RESULT_BACKEND"] == f"db+postgresql://{database}"
    assert variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"postgresql+psycopg2://{database}"
    assert variables["AIRFLOW__CORE__SQL_ALCHEMY_CONN"] == variables["SQL_ALCHEMY_CONN"]


def test_nothing_of_the_shell_gets_in_but_the_list() -> None:
    variables = airflow_variables(inputs())
    assert variables["TZ"] == "Europe/Berlin"
    assert variables["SSL_CERT_FILE"] == "/etc/company.pem"
    assert {"PYTHONPATH", "EDITOR", "AWS_PROFILE", "AWS_SESSION_TOKEN"}.isdisjoint(variables)
    assert variables["HOME"] == "/usr/local/airflow"


def test_the_shells_credentials_do_not_get_in() -> None:
    variables = airflow_variables(inputs())
    assert variables["AWS_ACCESS_KEY_ID"] == "123456789012"
    assert not any("REAL" in value or "real" in value for value in variables.values())
    assert not any(name.startswith("MWAA_HARNESS_HOST_") for name in variables)


def test_a_service_let_through_brings_the_shells_credentials_under_other_names() -> None:
    settings = Settings(local=LocalSettings(passthrough=("glue",)))
    variables = airflow_variables(inputs(settings))
    assert variables["MWAA_HARNESS_PASSTHROUGH"] == "glue"
    assert variables["AWS_ACCESS_KEY_ID"] == "123456789012"
    assert variables["MWAA_HARNESS_HOST_AWS_ACCESS_KEY_ID"] == "AKIAREALREALREALREAL"
    assert variables["MWAA_HARNESS_HOST_AWS_SHARED_CREDENTIALS_FILE"] == "/home/ada/.aws/credentials"


def test_a_proxy_never_stands_before_loopback() -> None:
    shell = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intranet"}
    variables = airflow_variables(inputs(shell=shell))
    assert variables["NO_PROXY"] == variables["no_proxy"] == "intranet,127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    "option",
    [
        "scheduler.dag_dir_list_interval",
        "core.min_serialized_dag_update_interval",
        "core.min_serialized_dag_fetch_interval",
    ],
)
def test_an_edit_is_seen_within_seconds_unless_mwaas_pace_is_asked_for(option: str) -> None:
    name = option_variable(option)
    slow = Settings(local=replace(LocalSettings(), sync_interval=30.0))
    assert airflow_variables(inputs())[name] == "1"
    assert name not in airflow_variables(inputs(slow))
    assert airflow_variables(inputs(with_options(**{option.replace(".", "__"): "90"})))[name] == "90"


def test_the_scheduler_looks_often_while_busy_unless_somebody_chose_otherwise() -> None:
    name = "MWAA_HARNESS_BUSY_SLEEP"
    slow = Settings(local=replace(LocalSettings(), sync_interval=30.0))
    chosen = with_options(scheduler__scheduler_idle_sleep_time="0.5")
    assert name in airflow_variables(inputs(component=Role.SCHEDULER))
    assert name not in airflow_variables(inputs(component=Role.WORKER))
    assert name not in airflow_variables(inputs(slow, component=Role.SCHEDULER))
    assert name not in airflow_variables(inputs(chosen, component=Role.SCHEDULER))


def test_the_variables_are_the_same_for_the_same_inputs() -> None:
    assert airflow_variables(inputs()) == airflow_variables(inputs())
