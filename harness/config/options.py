"""Every setting, declared once: where it stands, what it is, what it may be, what it means.

Defaults are those of `harness.config.model`; the documentation and the command line are made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config import quotas
from harness.config.rules import (
    Rule,
    are_airflow_options,
    are_services,
    are_tags,
    from_model,
    is_bucket_key,
    is_log_level,
    is_path,
    is_supported_version,
    matching,
    one_of,
    within,
)
from harness.config.values import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


VARIABLE_PREFIX = "MWAA_HARNESS_"
ENVIRONMENT = "environment"
LOCAL = "local"
LOGGING = "environment.logging"


@dataclass(frozen=True)
class Option:
    """One setting.

    Attributes:
        section: its table in mwaa.toml, e.g. "environment.logging.task_logs".
        key: its key there.
        kind: what its value is.
        summary: what it means, in one line.
        rules: what the value may be; the first one that objects is reported.
    """

    section: str
    key: str
    kind: Kind
    summary: str
    rules: tuple[Rule, ...] = ()

    @property
    def path(self) -> str:
        """Its full name, e.g. "local.runtime"."""
        return f"{self.section}.{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return VARIABLE_PREFIX + self.path.replace(".", "_").upper()

    @property
    def flag(self) -> str:
        """The command-line option that sets it, where a command has one."""
        return f"--{self.key.replace('_', '-')}"


def _bucket_key(key: str, member: str, summary: str) -> Option:
    return Option(ENVIRONMENT, key, Kind.TEXT, summary, (from_model(member), is_bucket_key))


def _path(key: str, summary: str) -> Option:
    return Option(LOCAL, key, Kind.TEXT, summary, (is_path,))


def _port(key: str, service: str) -> Option:
    summary = f"port of {service} on 127.0.0.1; 0 takes a free one"
    rule = within(0, 65535, hint="0 takes a free port")
    return Option(LOCAL, key, Kind.INTEGER, summary, (rule,))


def _workers(key: str, member: str, summary: str) -> Option:
    limit = quotas.WORKERS
    rules = (from_model(member), within(limit.least, limit.most, source=limit.source))
    return Option(ENVIRONMENT, key, Kind.INTEGER, summary, rules)


def _module_logging(module: str, subject: str) -> tuple[Option, ...]:
    section = f"{LOGGING}.{module}"
    return (
        Option(section, "enabled", Kind.SWITCH, f"whether {subject} go to CloudWatch Logs"),
        Option(
            section, "log_level", Kind.TEXT, f"the least level of {subject} that goes there", (is_log_level,)
        ),
    )


_NAME_WORDS = "a letter first, then letters, digits, - and _"

OPTIONS: tuple[Option, ...] = (
    Option(
        ENVIRONMENT,
        "name",
        Kind.TEXT,
        "name of the environment; bucket and queue are named after it",
        (from_model("Name", describe=_NAME_WORDS),),
    ),
    Option(ENVIRONMENT, "airflow_version", Kind.TEXT, "release of Apache Airflow", (is_supported_version,)),
    Option(
        ENVIRONMENT,
        "environment_class",
        Kind.TEXT,
        "sets the tasks per worker and the scheduler's parsing processes",
        (one_of(quotas.ENVIRONMENT_CLASSES, noun="classes"),),
    ),
    _workers("min_workers", "MinWorkers", "fewest workers on MWAA"),
    _workers("max_workers", "MaxWorkers", "most workers on MWAA"),
    Option(ENVIRONMENT, "schedulers", Kind.INTEGER, "schedulers on MWAA: 2 to 5; mw1.micro has 1"),
    Option(
        ENVIRONMENT, "min_webservers", Kind.INTEGER, "fewest web servers on MWAA: 2 to 5; mw1.micro has 1"
    ),
    Option(ENVIRONMENT, "max_webservers", Kind.INTEGER, "most web servers on MWAA: 2 to 5; mw1.micro has 1"),
    Option(
        ENVIRONMENT,
        "airflow_configuration_options",
        Kind.TABLE,
        'Airflow options as "section.option" = "value"',
        (are_airflow_options,),
    ),
    _bucket_key("dag_s3_path", "DagS3Path", "folder of the DAGs in the source bucket"),
    _bucket_key("plugins_s3_path", "PluginsS3Path", "key of plugins.zip in the source bucket"),
    _bucket_key("requirements_s3_path", "RequirementsS3Path", "key of requirements.txt in the source bucket"),
    _bucket_key(
        "startup_script_s3_path", "StartupScriptS3Path", "key of the startup script in the source bucket"
    ),
    Option(
        ENVIRONMENT,
        "source_bucket_arn",
        Kind.TEXT,
        "ARN of the source bucket; empty names one after the environment",
        (from_model("SourceBucketArn", describe="ARNs such as arn:aws:s3:::my-bucket", optional=True),),
    ),
    Option(
        ENVIRONMENT,
        "execution_role_arn",
        Kind.TEXT,
        "ARN of the execution role; nothing assumes it on this machine",
        (
            from_model(
                "ExecutionRoleArn",
                describe="ARNs such as arn:aws:iam::123456789012:role/mwaa",
                optional=True,
            ),
        ),
    ),
    Option(
        ENVIRONMENT,
        "kms_key",
        Kind.TEXT,
        "id or ARN of the customer managed key; empty means AWS's own",
        (from_model("KmsKey", describe="a key id or the ARN of a key", optional=True),),
    ),
    Option(
        ENVIRONMENT,
        "webserver_access_mode",
        Kind.TEXT,
        "who reaches the web server on MWAA; here it is always this machine alone",
        (from_model("WebserverAccessMode"),),
    ),
    Option(
        ENVIRONMENT,
        "weekly_maintenance_window_start",
        Kind.TEXT,
        "when MWAA maintains the environment, in UTC; empty lets it choose",
        (
            matching(
                quotas.MAINTENANCE_WINDOW,
                describe="DAY:HH:MM in UTC at a full or half hour, e.g. TUE:03:30",
                optional=True,
            ),
        ),
    ),
    Option(
        ENVIRONMENT,
        "endpoint_management",
        Kind.TEXT,
        "who makes the VPC endpoints on MWAA",
        (from_model("EndpointManagement"),),
    ),
    Option(ENVIRONMENT, "tags", Kind.TABLE, "tags of the environment", (are_tags,)),
    *_module_logging("dag_processing_logs", "the DAG processor's logs"),
    *_module_logging("scheduler_logs", "the scheduler's logs"),
    *_module_logging("task_logs", "the tasks' logs"),
    *_module_logging("webserver_logs", "the web server's logs"),
    *_module_logging("worker_logs", "the workers' logs"),
    Option(
        LOCAL,
        "runtime",
        Kind.TEXT,
        "what runs the services",
        (one_of(("auto", "compose", "native"), noun="runtimes"),),
    ),
    Option(
        LOCAL,
        "region",
        Kind.TEXT,
        "AWS region that the environment believes it is in",
        (matching(r"[a-z]{2}(-[a-z]+)+-\d", describe="a region's name, e.g. eu-west-1"),),
    ),
    Option(
        LOCAL,
        "account_id",
        Kind.TEXT,
        "AWS account that the environment believes it is in",
        (matching(r"\d{12}", describe="12 digits"),),
    ),
    _path("dags_folder", "the DAGs"),
    _path("plugins_folder", "what goes into plugins.zip"),
    _path("requirements_file", "the requirements.txt to install"),
    _path("startup_script", "the startup script to run"),
    _path("seeds_file", "connections, variables, pools and objects that DAG tests start from"),
    _path("tests_file", "what each DAG is expected to do"),
    _port("webserver_port", "the Airflow UI"),
    _port("localstack_port", "the local AWS endpoint"),
    _port("postgres_port", "the metadata database"),
    Option(LOCAL, "schedulers", Kind.INTEGER, "schedulers to run on this machine", (within(1, 5),)),
    Option(LOCAL, "workers", Kind.INTEGER, "workers to run on this machine", (within(1, 25),)),
    Option(LOCAL, "triggerer", Kind.SWITCH, "whether to run a triggerer, for deferrable tasks"),
    Option(
        LOCAL,
        "sync_interval",
        Kind.NUMBER,
        "seconds between two looks at the source bucket; MWAA takes 30",
        (within(0.1, 3600),),
    ),
    Option(
        LOCAL,
        "startup_script_seconds",
        Kind.INTEGER,
        "seconds the startup script may run; MWAA gives it 300",
        (
            within(
                quotas.STARTUP_SCRIPT_SECONDS.least,
                quotas.STARTUP_SCRIPT_SECONDS.most,
                source=quotas.STARTUP_SCRIPT_SECONDS.source,
            ),
        ),
    ),
    Option(
        LOCAL,
        "dag_seconds_warning",
        Kind.NUMBER,
        "seconds of parsing from which on `check dags` warns about a file",
        (within(0.1, 3600),),
    ),
    Option(
        LOCAL,
        "dag_seconds_error",
        Kind.NUMBER,
        "seconds of parsing from which on a file fails the check",
        (within(0.1, 3600),),
    ),
    Option(
        LOCAL,
        "dag_mib_warning",
        Kind.INTEGER,
        "MiB of memory from which on `check dags` warns about a file",
        (within(1, 4096),),
    ),
    Option(
        LOCAL,
        "dag_mib_error",
        Kind.INTEGER,
        "MiB of memory from which on a file fails the check",
        (within(1, 4096),),
    ),
    Option(
        LOCAL,
        "passthrough",
        Kind.NAMES,
        "AWS services whose calls may reach real AWS",
        (are_services,),
    ),
)

OPTIONS_BY_PATH: Mapping[str, Option] = {option.path: option for option in OPTIONS}
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(option.section for option in OPTIONS))
