"""The settings of one project, typed and validated; `harness.config.load` fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

SETTINGS_FILE = "mwaa.toml"


class RuntimeChoice(Enum):
    """Which backend runs the services; `AUTO` takes Compose when a Docker engine answers, else native."""

    AUTO = "auto"
    COMPOSE = "compose"
    NATIVE = "native"


class LogLevel(Enum):
    """Log levels of MWAA's LoggingConfiguration (botocore `mwaa`, shape LoggingLevel)."""

    CRITICAL = "CRITICAL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"


@dataclass(frozen=True)
class ModuleLogging:
    """One module of LoggingConfiguration."""

    enabled: bool = False
    log_level: LogLevel = LogLevel.INFO


@dataclass(frozen=True)
class LoggingSettings:
    """`[environment.logging]`: MWAA's five log modules; task logs alone are on by default."""

    dag_processing_logs: ModuleLogging = ModuleLogging()
    scheduler_logs: ModuleLogging = ModuleLogging()
    task_logs: ModuleLogging = ModuleLogging(enabled=True)
    webserver_logs: ModuleLogging = ModuleLogging()
    worker_logs: ModuleLogging = ModuleLogging()


@dataclass(frozen=True)
class EnvironmentSettings:
    """`[environment]`: the fields of MWAA's CreateEnvironment in snake_case, with MWAA's defaults."""

    name: str = "mwaa-local"
    airflow_version: str = "2.5.1"
    environment_class: str = "mw1.small"
    min_workers: int = 1
    max_workers: int = 10
    schedulers: int = 2
    min_webservers: int = 2
    max_webservers: int = 2
    airflow_configuration_options: Mapping[str, str] = field(default_factory=dict)
    logging: LoggingSettings = LoggingSettings()
    dag_s3_path: str = "dags"
    plugins_s3_path: str = "plugins.zip"
    requirements_s3_path: str = "requirements.txt"
    startup_script_s3_path: str = "startup.sh"
    source_bucket_arn: str = ""
    execution_role_arn: str = ""
    kms_key: str = ""
    webserver_access_mode: str = "PRIVATE_ONLY"
    weekly_maintenance_window_start: str = ""
    endpoint_management: str = "SERVICE"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalSettings:
    """`[local]`: what only the harness knows. Paths are relative to the project; port 0 means a free one."""

    runtime: RuntimeChoice = RuntimeChoice.AUTO
    region: str = "us-east-1"
    account_id: str = "123456789012"
    dags_folder: str = "dags"
    plugins_folder: str = "plugins"
    requirements_file: str = "requirements/requirements.txt"
    startup_script: str = "startup/startup.sh"
    seeds_file: str = "seeds.toml"
    tests_file: str = "dag-tests.toml"
    webserver_port: int = 0
    localstack_port: int = 0
    postgres_port: int = 0
    schedulers: int = 1
    workers: int = 1
    triggerer: bool = True
    sync_interval: float = 1.0
    startup_script_seconds: int = 300
    dag_seconds_warning: float = 2.0
    dag_seconds_error: float = 30.0
    dag_mib_warning: int = 256
    dag_mib_error: int = 1024
    passthrough: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Everything `mwaa.toml`, the environment and the command line say about one project."""

    environment: EnvironmentSettings = EnvironmentSettings()
    local: LocalSettings = LocalSettings()

    @property
    def bucket(self) -> str:
        """Name of the source bucket: from `source_bucket_arn`, else one named after the environment."""
        if self.environment.source_bucket_arn:
            return self.environment.source_bucket_arn.rpartition(":::")[2]
        return f"airflow-{self.environment.name.lower().replace('_', '-')}"

    @property
    def queue(self) -> str:
        """Name of the Celery queue, `airflow-celery-` and a suffix as on MWAA (facts 10.3)."""
        return f"airflow-celery-{self.environment.name}"
