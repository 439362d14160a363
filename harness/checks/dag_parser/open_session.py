"""Makes the session of a project: which parser, with which variables, and what it depends on."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruff import find_ruff_bin  # type: ignore[import-untyped]

from harness.checks.dag_parser.session import Session, digest_shell, sign
from harness.checks.dag_parser.start import private_folder
from harness.project.seed_variables import seed_variables, seeded_names
from harness.project.seeds import load_seeds
from harness.runtime.airflow_variables import AirflowInputs, airflow_variables
from harness.runtime.backend import Endpoints
from harness.runtime.private_files import make_folder
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config.model import Settings
    from harness.project.layout import Project
    from harness.workerenv.store import WorkerEnvironment

INSIDE = Path(__file__).parents[2] / "inside"
_NOWHERE = "http://127.0.0.1:9"
_FERNET_KEY = "bXdhYS1oYXJuZXNzLWRhZy1wYXJzZXItbm8tc2VjcmU="
_IMPORT_TIMEOUT = 30.0
_MEMORY = 4 << 30


def open_session(
    project: Project, settings: Settings, environ: Mapping[str, str], worker: WorkerEnvironment
) -> Session:
    """The session for the project as it is now. Creates the parser's home folder.

    Raises:
        UsageError: the seeds file is not TOML.
        CollectedError: it has mistakes.
    """
    home = project.state.cache / "dag-parser" / "home"
    make_folder(home)
    seeds = load_seeds(project.seeds_file)
    variables = _variables(project, settings, environ, worker, home) | seed_variables(seeds, settings)
    options = settings.environment.airflow_configuration_options
    requests: dict[str, Any] = {
        "timeout": _number(options.get("core.dagbag_import_timeout"), _IMPORT_TIMEOUT),
        "safe_mode": options.get("core.dag_discovery_safe_mode", "true").lower() not in {"false", "0", "f"},
        "cwd": str(home),
        "memory": _MEMORY,
        "seconds_warning": settings.local.dag_seconds_warning,
        "seconds_error": settings.local.dag_seconds_error,
        "memory_warning": settings.local.dag_mib_warning << 20,
        "memory_error": settings.local.dag_mib_error << 20,
        "weigh_above": settings.local.dag_mib_warning << 20,
        "ignore_syntax": options.get("core.dag_ignore_file_syntax", "regexp").lower(),
        "linter": linter_command(),
    }
    command = [
        str(worker.python),
        str(INSIDE / "parse_dag_files.py"),
        *("--slots", str(os.cpu_count() or 1)),
        *("--user-folder", str(project.root)),
    ]
    code = (_code_signature(), metadata.version("ruff") if requests["linter"] else "")
    secret = json.dumps([variables, requests, command, worker.fingerprint, code], sort_keys=True)
    key = hashlib.sha256(secret.encode()).hexdigest()
    inputs = [
        project.settings_file,
        project.seeds_file,
        project.requirements_file,
        project.requirements_file.parent,
        *sorted(project.requirements_file.parent.glob("*.txt")),
        project.plugins_folder,
        project.state.worker_environments / "current",
        worker.python,
        INSIDE / "mwaa_dag_parser",
        Path(sys.prefix) / "pyvenv.cfg",
    ]
    return Session(
        key=key,
        socket=str(private_folder() / f"{key[:24]}.sock"),
        command=command,
        variables=variables,
        options=requests,
        dags_folder=str(project.dags_folder),
        plugins_folder=str(project.plugins_folder),
        seeded=seeded_names(seeds, settings),
        inputs=sign(str(path) for path in inputs),
        shell=digest_shell(environ),
    )


def linter_command() -> list[str]:
    """How to ask ruff for what Airflow 3 will not take; empty where its program cannot be found."""
    try:
        program: str = find_ruff_bin()
    except FileNotFoundError:
        return []
    rules = (
        "check",
        "--isolated",
        "--no-cache",
        "--exit-zero",
        "--select",
        "AIR30",
        "--output-format",
        "json",
    )
    return [program, *rules, "--target-version", "py310"]


def _variables(
    project: Project, settings: Settings, environ: Mapping[str, str], worker: WorkerEnvironment, home: Path
) -> dict[str, str]:
    endpoints = Endpoints(_NOWHERE, "admin", "", _NOWHERE, settings.local.region, settings.bucket, "", "")
    inputs = AirflowInputs(
        settings=settings,
        component=Role.SCHEDULER,
        endpoints=endpoints,
        secrets=EnvironmentSecrets(_FERNET_KEY, "dag-parser", "", ""),
        airflow_home=str(home),
        path=environ.get("PATH", os.defpath),
        worker_environment=worker.path,
        inside_folder=INSIDE,
        host_variables=environ,
        database_dsn="postgresql://nobody@127.0.0.1:9/none",
    )
    database = f"sqlite:///{home / 'metadata.db'}"
    variables = airflow_variables(inputs) | {
        "AIRFLOW__CORE__DAGS_FOLDER": str(project.dags_folder),
        # Airflow refuses Celery on SQLite while it is imported; the parser puts Celery back afterwards.
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project.plugins_folder),
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        "AIRFLOW__METRICS__STATSD_ON": "False",
        "SQL_ALCHEMY_CONN": database,
    }
    for name in ("AIRFLOW__SECRETS__BACKEND", "AIRFLOW__SECRETS__BACKEND_KWARGS", "PYTHONDONTWRITEBYTECODE"):
        variables.pop(name, None)
    return variables


def _code_signature() -> str:
    """Of the parser's own code, so that another release of the harness starts another parser."""
    digest = hashlib.sha256()
    for path in sorted((INSIDE / "mwaa_dag_parser").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default
