"""Verdicts on DAG files, warm, cold and unchanged, beside the Airflow CLI and a cold DagBag."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, stopwatch
from benchmarks.scratch import make_project
from harness.checks.dag_parser.session import SESSION_FILE, Session, recall_session
from harness.checks.dags.verdicts import CACHE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RUNS = 5
COLD_RUNS = 3
_DAG = """from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator


def work(number):
    return number * {index}


with DAG("measured_{index}", start_date=datetime(2023, 1, 1), schedule="@daily", catchup=False) as dag:
    previous = None
    for number in range(6):
        first = PythonOperator(task_id=f"first_{{number}}", python_callable=work, op_args=[number])
        second = BashOperator(task_id=f"second_{{number}}", bash_command="echo {{{{ ds }}}}")
        first >> second
        if previous:
            previous >> first
        previous = second
"""
_DAGBAG = """
import sys
from airflow.models.dagbag import DagBag
print(len(DagBag(sys.argv[1], include_examples=False).dags))
"""


def measure(scratch: Path) -> Iterator[Measurement]:
    project = make_project(scratch / "project", {})
    dags = project / "dags"
    dags.mkdir(exist_ok=True)
    _write(dags, 1)
    command = str(Path(sys.executable).with_name("mwaa-harness"))
    _check(command, project)
    session = recall_session(str(project), os.environ)
    if session is None:
        raise RuntimeError(f"{SESSION_FILE} was not kept")
    yield from _one_file(command, project, dags, session)
    for count in (200, 1000):
        yield from _many_files(command, project, dags, session, count)
    Path(session.socket).unlink(missing_ok=True)


def _one_file(command: str, project: Path, dags: Path, session: Session) -> Iterator[Measurement]:
    file = dags / "measured_0000.py"
    warm, cold = [], []
    for run in range(RUNS * 2):
        _touch(file, f"warm {run}")
        warm.append(_check(command, project, str(file)))
    for run in range(RUNS):
        _touch(file, f"cold {run}")
        cold.append(_check(command, project, "--cold", str(file)))
    variables = _initialize_airflow(session, project / ".mwaa")
    cli = [_airflow_cli(session, variables) for _ in range(RUNS)]
    bag = [_cold_dagbag(session, dags) for _ in range(RUNS)]
    yield Measurement(
        "one changed DAG file, warm",
        "s",
        tuple(warm),
        "airflow dags list-import-errors",
        tuple(cli),
        "<= 0.15 s",
    )
    yield Measurement("one changed DAG file, cold", "s", tuple(cold), "cold DagBag", tuple(bag))


def _many_files(
    command: str, project: Path, dags: Path, session: Session, count: int
) -> Iterator[Measurement]:
    _write(dags, count)
    kept = project / CACHE_FILE
    started = []
    for _run in range(COLD_RUNS):
        kept.unlink(missing_ok=True)
        started.append(_check(command, project, "--cold"))
    _check(command, project, str(dags / "measured_0001.py"))
    cold = []
    for _run in range(COLD_RUNS):
        kept.unlink(missing_ok=True)
        cold.append(_check(command, project))
    unchanged = tuple(_check(command, project) for _ in range(RUNS))
    changed = []
    for run in range(RUNS):
        _touch(dags / "measured_0007.py", f"again {run}")
        changed.append(_check(command, project))
    bag = (_cold_dagbag(session, dags),)
    goals = ("<= 4 s", "<= 0.5 s") if count == 1000 else ("", "")  # noqa: PLR2004 -- as the issue says
    yield Measurement(
        f"{count} DAG files, none known, no parser", "s", tuple(started), "cold DagBag", bag, goals[0]
    )
    yield Measurement(f"{count} DAG files, none known", "s", tuple(cold), "cold DagBag", bag, goals[0])
    yield Measurement(f"{count} DAG files, unchanged", "s", unchanged, "cold DagBag", bag, goals[1])
    yield Measurement(f"{count} DAG files, one changed", "s", tuple(changed), "cold DagBag", bag)


def _write(dags: Path, count: int) -> None:
    for index in range(count):
        (dags / f"measured_{index:04}.py").write_text(_DAG.format(index=index), encoding="utf-8")


def _touch(file: Path, mark: str) -> None:
    text = file.read_text(encoding="utf-8").partition("# changed")[0]
    file.write_text(f"{text}# changed {mark}\n", encoding="utf-8")


def _check(command: str, project: Path, *words: str) -> float:
    return _time([command, "check", "dags", *words], project, os.environ)


def _initialize_airflow(session: Session, folder: Path) -> Mapping[str, str]:
    """The variables of an Airflow whose database the CLI accepts; the parser's has no history."""
    database = f"sqlite:///{folder / 'airflow-cli.db'}"
    names = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN", "SQL_ALCHEMY_CONN")
    variables = {**session.variables, **dict.fromkeys(names, database)}
    _time([str(Path(session.command[0]).with_name("airflow")), "db", "init"], Path("/"), variables)
    return variables


def _airflow_cli(session: Session, variables: Mapping[str, str]) -> float:
    airflow = str(Path(session.command[0]).with_name("airflow"))
    return _time([airflow, "dags", "list-import-errors"], Path("/"), variables)


def _cold_dagbag(session: Session, dags: Path) -> float:
    return _time([session.command[0], "-W", "ignore", "-c", _DAGBAG, str(dags)], Path("/"), session.variables)


def _time(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> float:
    with stopwatch() as watch:
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            env=dict(variables),
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
    return watch.seconds
