"""Scratch projects, and the commands a person would type in them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TWO_TASKS = """\
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator

with DAG("two_tasks", start_date=datetime(2023, 1, 1), schedule=None) as dag:
    first = PythonOperator(task_id="first", python_callable=lambda: 3)
    second = PythonOperator(task_id="second", python_callable=lambda: 15)
    first >> second
"""

NO_OP_TASKS = """\
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator

with DAG("no_op_tasks", start_date=datetime(2023, 1, 1), schedule=None) as dag:
    for number in range(200):
        PythonOperator(task_id=f"task_{number}", python_callable=lambda: None)
"""


def make_project(folder: Path, dags: Mapping[str, str]) -> Path:
    """A project in `folder` with the given DAG files."""
    (folder / "dags").mkdir(parents=True)
    (folder / "mwaa.toml").write_text('[environment]\nname = "benchmark"\n', encoding="utf-8")
    for name, text in dags.items():
        (folder / "dags" / name).write_text(text, encoding="utf-8")
    return folder


def harness(project: Path, *arguments: str) -> None:
    """Run the command in `project`; its words go to standard error."""
    command = [sys.executable, "-m", "harness", "--project", str(project), *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)


@contextmanager
def environment_up(project: Path) -> Iterator[None]:
    """The native environment of `project`, stopped and discarded at the end."""
    try:
        harness(project, "up", "--runtime", "native")
        yield
    finally:
        harness(project, "down", "--volumes")


def bare_variables(home: Path, **extra: str) -> dict[str, str]:
    """Variables for running Airflow by hand, without the harness, in AIRFLOW_HOME `home`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        **extra,
    }
