"""MWAA's limits that its service model does not state, as data with their sources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Whole numbers from `least` to `most`; `source` is what sets the limit."""

    least: int
    most: int
    source: str


_QUOTAS = "Amazon MWAA service quotas"
_CLASSES = "Configuring the Amazon MWAA environment class"

MICRO = "mw1.micro"
# User Guide, "Configuring the Amazon MWAA environment class"
ENVIRONMENT_CLASSES = (MICRO, "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge")

WORKERS = Range(1, 25, _QUOTAS)
SCHEDULERS = Range(2, 5, _QUOTAS)
WEBSERVERS = Range(2, 5, _QUOTAS)
MICRO_SCHEDULERS = Range(1, 1, _CLASSES)
MICRO_WEBSERVERS = Range(1, 1, _CLASSES)

# API Reference, CreateEnvironment: DAY:HH:MM in UTC, in steps of 30 minutes. The model's own pattern lets
# other text surround it.
MAINTENANCE_WINDOW = r"(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)"

# "Tagging Amazon Web Services resources"
RESERVED_TAG_PREFIX = "aws:"

# API Reference, CreateEnvironment: "only available for Apache Airflow version 3.2 and later"
AIRFLOW_3_ACCESS_MODE = "PUBLIC_AND_PRIVATE"

# User Guide, "Using a startup script with Amazon MWAA"
STARTUP_SCRIPT_SECONDS = Range(1, 300, "Using a startup script with Amazon MWAA")
