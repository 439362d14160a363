"""Where names and arguments of older Airflow releases have gone, for Airflow 2.5.1 with MWAA's providers.

What the installed Airflow and providers tell comes with the facts (`installed`); the tables are for the rest.
Sources: MWAA-era sources of apache-airflow 2.5.1 (`airflow/operators/__init__.py` and the shims below
`airflow/contrib`), apache-airflow-providers-amazon 7.1.0, -http 4.1.1, and "Upgrading from 1.10 to 2".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_AWS = "airflow.providers.amazon.aws"

CLASSES: Mapping[str, str] = {
    "HttpSensor": "airflow.providers.http.sensors.http.HttpSensor",
    "SimpleHttpOperator": "airflow.providers.http.operators.http.SimpleHttpOperator",
    "HttpOperator": "airflow.providers.http.operators.http.SimpleHttpOperator",
    "HttpHook": "airflow.providers.http.hooks.http.HttpHook",
    "S3KeySensor": f"{_AWS}.sensors.s3.S3KeySensor",
    "S3PrefixSensor": f"{_AWS}.sensors.s3.S3KeySensor with wildcard_match=True",
    "S3Hook": f"{_AWS}.hooks.s3.S3Hook",
    "S3FileTransformOperator": f"{_AWS}.operators.s3.S3FileTransformOperator",
    "AWSAthenaOperator": f"{_AWS}.operators.athena.AthenaOperator",
    "AthenaOperator": f"{_AWS}.operators.athena.AthenaOperator",
    "AthenaSensor": f"{_AWS}.sensors.athena.AthenaSensor",
    "AwsGlueJobOperator": f"{_AWS}.operators.glue.GlueJobOperator",
    "AwsHook": f"{_AWS}.hooks.base_aws.AwsBaseHook",
    "AWSBatchOperator": f"{_AWS}.operators.batch.BatchOperator",
    "ECSOperator": f"{_AWS}.operators.ecs.EcsRunTaskOperator",
    "EmrCreateJobFlowOperator": f"{_AWS}.operators.emr.EmrCreateJobFlowOperator",
    "EmrAddStepsOperator": f"{_AWS}.operators.emr.EmrAddStepsOperator",
    "EmrTerminateJobFlowOperator": f"{_AWS}.operators.emr.EmrTerminateJobFlowOperator",
    "EmrStepSensor": f"{_AWS}.sensors.emr.EmrStepSensor",
    "EmrJobFlowSensor": f"{_AWS}.sensors.emr.EmrJobFlowSensor",
    "LambdaInvokeFunctionOperator": f"{_AWS}.operators.lambda_function.AwsLambdaInvokeFunctionOperator",
    "MySQLToS3Operator": f"{_AWS}.transfers.sql_to_s3.SqlToS3Operator",
    "BashOperator": "airflow.operators.bash.BashOperator",
    "PythonOperator": "airflow.operators.python.PythonOperator",
    "BranchPythonOperator": "airflow.operators.python.BranchPythonOperator",
    "ShortCircuitOperator": "airflow.operators.python.ShortCircuitOperator",
    "PythonVirtualenvOperator": "airflow.operators.python.PythonVirtualenvOperator",
    "DummyOperator": "airflow.operators.empty.EmptyOperator",
    "EmptyOperator": "airflow.operators.empty.EmptyOperator",
    "EmailOperator": "airflow.operators.email.EmailOperator",
    "TriggerDagRunOperator": "airflow.operators.trigger_dagrun.TriggerDagRunOperator",
    "SubDagOperator": "airflow.utils.task_group.TaskGroup",
    "LatestOnlyOperator": "airflow.operators.latest_only.LatestOnlyOperator",
    "ExternalTaskSensor": "airflow.sensors.external_task.ExternalTaskSensor",
    "BaseSensorOperator": "airflow.sensors.base.BaseSensorOperator",
    "TimeDeltaSensor": "airflow.sensors.time_delta.TimeDeltaSensor",
    "SqlSensor": "airflow.providers.common.sql.sensors.sql.SqlSensor",
    "PostgresOperator": "airflow.providers.postgres.operators.postgres.PostgresOperator",
    "PostgresHook": "airflow.providers.postgres.hooks.postgres.PostgresHook",
    "BaseHook": "airflow.hooks.base.BaseHook",
    "DatasetAlias": "nothing: it came with Airflow 2.10",
    "BranchExternalPythonOperator": "nothing: it came with Airflow 2.8",
    "setup": "nothing: setup and teardown tasks came with Airflow 2.7",
    "teardown": "nothing: setup and teardown tasks came with Airflow 2.7",
}

MODULES: Mapping[str, str] = {
    "airflow.operators.sensors": "the module of each sensor, e.g. airflow.sensors.external_task",
    "airflow.sensors.s3_prefix_sensor": f"{_AWS}.sensors.s3.S3KeySensor with wildcard_match=True",
    "airflow.operators.s3_file_transform_operator": f"{_AWS}.operators.s3",
    "airflow.contrib.operators.emr_create_job_flow_operator": f"{_AWS}.operators.emr",
    "airflow.contrib.operators.emr_add_steps_operator": f"{_AWS}.operators.emr",
    "airflow.contrib.operators.emr_terminate_job_flow_operator": f"{_AWS}.operators.emr",
    "airflow.contrib.sensors.emr_step_sensor": f"{_AWS}.sensors.emr",
    "airflow.contrib.sensors.emr_job_flow_sensor": f"{_AWS}.sensors.emr",
    "airflow.contrib.operators.ecs_operator": f"{_AWS}.operators.ecs",
    "airflow.contrib.operators.aws_athena_operator": f"{_AWS}.operators.athena",
    f"{_AWS}.operators.s3_bucket": f"{_AWS}.operators.s3",
    f"{_AWS}.operators.s3_file_transform": f"{_AWS}.operators.s3",
    f"{_AWS}.operators.emr_create_job_flow": f"{_AWS}.operators.emr",
    f"{_AWS}.operators.emr_add_steps": f"{_AWS}.operators.emr",
    f"{_AWS}.operators.emr_terminate_job_flow": f"{_AWS}.operators.emr",
    f"{_AWS}.sensors.s3_key": f"{_AWS}.sensors.s3",
    f"{_AWS}.sensors.s3_prefix": f"{_AWS}.sensors.s3",
    f"{_AWS}.transfers.mysql_to_s3": f"{_AWS}.transfers.sql_to_s3 (needs pandas in requirements.txt)",
    "airflow.notifications": "nothing: notifiers came with Airflow 2.6",
    "airflow.io": "nothing: it came with Airflow 2.8",
    "airflow.sdk": "the modules of Airflow 2: airflow.sdk came with Airflow 3",
    "airflow.providers.standard": "airflow.operators and airflow.sensors: it came with Airflow 2.9",
}

_FAMILIES: Mapping[str, str] = {"cncf": "cncf-kubernetes", "dbt": "dbt-cloud", "common": "common-sql"}

ARGUMENTS: Mapping[str, str] = {
    "provide_context": "remove it: the context is always passed to **kwargs",
    "s3_conn_id": "rename it to aws_conn_id",
    "xcom_push": "rename it to do_xcom_push",
    "python_callable": "TriggerDagRunOperator takes conf= instead",
    "on_skipped_callback": "remove it: it came with Airflow 2.9",
    "max_active_tis_per_dagrun": "remove it: it came with Airflow 2.6",
    "fail_stop": "remove it: it came with Airflow 2.7",
    "schedule_interval": "rename it to schedule",
    "task_concurrency": "rename it to max_active_tis_per_dag",
    "concurrency": "rename it to max_active_tasks",
    "deferrable": "remove it: this operator cannot defer in the installed provider",
}


@dataclass(frozen=True)
class Explanation:
    """Which rule an error falls under, and what to write instead."""

    rule: str
    hint: str


def explain_error(error: Mapping[str, Any]) -> Explanation | None:  # noqa: PLR0911 -- one per kind
    """What to do about an import error, when it is about something that moved."""
    message = str(error["message"])
    if message.startswith("Invalid arguments were passed to") or "unexpected keyword argument" in message:
        return _explain_arguments(message)
    module = str(error.get("module") or "")
    if message.startswith("PythonVirtualenvOperator requires virtualenv"):
        return Explanation("dag-import-error", "MWAA does not install it: add virtualenv to requirements.txt")
    replacement = _find_replacement(error, module)
    if replacement is not None:
        return Explanation("moved-name", f"in Airflow 2.5.1: {replacement}")
    provider = re.match(r"airflow\.providers\.(\w+)", module)
    if provider and error["type"] == "ModuleNotFoundError":
        package = _FAMILIES.get(provider[1], provider[1])
        return Explanation(
            "dag-import-error",
            f"MWAA does not install it: add apache-airflow-providers-{package} to requirements.txt",
        )
    if module.startswith("airflow."):
        return None
    if error["type"] == "ModuleNotFoundError" and module:
        return Explanation(
            "dag-import-error",
            f"add the package that provides {module.partition('.')[0]} to requirements.txt",
        )
    return None


def _find_replacement(error: Mapping[str, Any], module: str) -> str | None:
    """What to write instead: as installed, else by the name, else by the module."""
    for places in error.get("installed", {}).values():
        if places:
            return _import_line(places[0])
    for name in error.get("names", ()):
        if name in CLASSES and module.startswith("airflow"):
            return _import_line(CLASSES[name])
    for known, replacement in MODULES.items():
        if module == known or module.startswith(f"{known}."):
            return replacement
    return None


def _import_line(target: str) -> str:
    module, _, name = target.partition(" with ")[0].rpartition(".")
    if not module or " " in target.partition(" with ")[0]:
        return target
    addition = target.partition(" with ")[2]
    return f"from {module} import {name}" + (f", with {addition}" if addition else "")


def _explain_arguments(message: str) -> Explanation:
    for name, advice in ARGUMENTS.items():
        if re.search(rf"\b{name}\b", message.partition("Invalid arguments were:")[2] or message):
            return Explanation("invalid-argument", f"{name}: {advice}")
    return Explanation("invalid-argument", "this release does not know the argument; see its signature")


def explain_warning(message: str) -> str | None:
    """What to write instead of something deprecated, where Airflow's own words do not say it."""
    lowered = message.lower()
    if "please use" in lowered or "instead" in lowered:
        return None
    for name, advice in ARGUMENTS.items():
        if re.search(rf"\b{name}\b", message):
            return f"{name}: {advice}"
    return None
