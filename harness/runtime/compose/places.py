"""Where things are in a container of the Airflow image, and under which names its neighbours answer."""

from __future__ import annotations

from pathlib import Path

AIRFLOW_HOME = Path("/usr/local/airflow")
WORKER_ENVIRONMENT = Path("/opt/mwaa-worker")
BAKED_REQUIREMENTS = WORKER_ENVIRONMENT / "requirements.sha256"
"""Names what was installed when the image was built: the SHA-256 of the requirements file's bytes."""

PROJECT = Path("/project")
"""The working tree; only the control plane sees it."""

SETTINGS = Path("/etc/mwaa-harness")
"""Holds mwaa.toml."""

STATE = Path("/var/lib/mwaa-harness")
"""The control plane's volume."""

RUN = Path("/tmp/mwaa-harness")  # noqa: S108 - a container's own
"""What lives and dies with the container: launch spec, evidence, the signal to go."""

GO_FILE = RUN / "go"
EVIDENCE = RUN / "ready"
ARTEFACTS_MARK = RUN / "artefacts"

DATABASE_HOST = "postgres"
DATABASE_PORT = 5432
LOCALSTACK_HOST = "localstack"
LOCALSTACK_PORT = 4566
WEBSERVER_PORT = 8080
