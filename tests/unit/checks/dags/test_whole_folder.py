"""What is told of a whole DAGs folder: datasets, archives, and batches that say what each file alone says."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks.dags.parsers import ask_warm
from harness.checks.dags.verdicts import Question, check_dags
from tests.unit.checks.dags.conftest import make_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.checks.dag_parser.client import Facts
    from harness.checks.dag_parser.session import Session
    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

_DAG = """from datetime import datetime, timedelta

from airflow import DAG, Dataset
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

with DAG("{name}", start_date=datetime(2023, 1, 1), schedule={schedule}):
    {tasks}
"""
_TASKS = {
    "plain": (
        'BashOperator(task_id="a", bash_command="x") >> BashOperator(task_id="b", bash_command="{{ ds }}")'
    ),
    "retries": 'BashOperator(task_id="a", bash_command="x", retries=2, retry_delay=timedelta(minutes=3))',
    "negative": 'BashOperator(task_id="a", bash_command="x", retry_delay=timedelta(minutes=-3))',
    "params": 'BashOperator(task_id="a", bash_command="x", params={"day": datetime(2023, 1, 1)})',
    "object": 'PythonOperator(task_id="a", python_callable=print, op_args=[object()])',
    "set": 'BashOperator(task_id="a", bash_command="x", env={"A": "{{ run_date }}"})',
    "callback": 'BashOperator(task_id="a", bash_command="x", on_failure_callback=print)',
    "outlet": 'BashOperator(task_id="a", bash_command="x", outlets=[Dataset("s3://example/made")])',
    "doc": 'BashOperator(task_id="a", bash_command="x", doc_md="# a", email=["a@example.com"])',
    "resources": 'BashOperator(task_id="a", bash_command="x", resources={"cpus": 2})',
    "priority": 'BashOperator(task_id="a", bash_command="x", priority_weight=1.5)',
    "color": 'a = BashOperator(task_id="a", bash_command="x"); a.ui_color = "blue"',
    "executor": 'BashOperator(task_id="a", bash_command="x", executor_config={"a": {"b": [1, None]}})',
    "wrong-executor": 'BashOperator(task_id="a", bash_command="x", executor_config=[1])',
}


@pytest.fixture(scope="module")
def session(
    tmp_path_factory: pytest.TempPathFactory, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> Iterator[Session]:
    session = make_session(tmp_path_factory.mktemp("whole"), worker, fenced_environ)
    yield session
    Path(session.socket).unlink(missing_ok=True)


@pytest.fixture
def dags(session: Session) -> Iterator[Path]:
    """The DAGs folder, empty."""
    folder = Path(session.dags_folder)
    yield folder
    for file in folder.iterdir():
        file.unlink()


def write(folder: Path, name: str, tasks: str, schedule: str = "None") -> None:
    text = _DAG.format(name=name, tasks=tasks, schedule=schedule)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def found(session: Session, root: Path, *paths: Path) -> list[tuple[str, str]]:
    question = Question(str(root), tuple(str(path) for path in paths))
    findings = check_dags(session, question, ask_warm, lambda _done, _count: None).findings
    return [(each.rule, each.location.path.name) for each in findings if each.location]


def test_a_dataset_that_nothing_produces_is_named(session: Session, dags: Path, tmp_path: Path) -> None:
    write(dags, "maker", _TASKS["outlet"])
    write(dags, "fed", _TASKS["plain"], '[Dataset("s3://example/made")]')
    write(dags, "starving", _TASKS["plain"], '[Dataset("s3://example/made"), Dataset("s3://example/other")]')
    assert found(session, tmp_path) == [("dataset-never-produced", "starving.py")]
    assert found(session, tmp_path, dags / "starving.py") == []


def test_an_archive_of_dags_is_parsed_as_airflow_does(session: Session, dags: Path, tmp_path: Path) -> None:
    good = _DAG.format(name="packaged", tasks=_TASKS["plain"], schedule="None")
    late = "\n\ndef later():\n    import nothing_of_archive_test\n"
    with zipfile.ZipFile(dags / "packaged.zip", "w") as archive:
        archive.writestr("good.py", good + late)
        archive.writestr("bad.py", "# an airflow dag\nimport nothing_of_archive_test\n")
    assert found(session, tmp_path) == [
        ("dag-import-error", "bad.py"),
        ("missing-module-at-run-time", "good.py"),
    ]


def test_a_batch_gives_the_facts_that_each_file_alone_gives(session: Session, dags: Path) -> None:
    for kind, tasks in _TASKS.items():
        for number in range(3):
            write(dags, f"{kind}_{number}".replace("-", "_"), tasks)
    files = [str(file) for file in sorted(dags.iterdir())]
    answers: list[dict[str, Facts]] = []
    for alone in ("", "yes"):
        options = {**session.options, "has_plugins": "", "graph": "", "alone": alone}
        records = {facts["file"]: facts for facts in ask_warm(session, files, options)}
        for facts in records.values():
            del facts["measured"]
        answers.append(records)
    assert answers[0] == answers[1]
    broken = {Path(file).stem for file, facts in answers[0].items() if facts["error"]}
    assert broken == {"priority_0", "priority_1", "priority_2"}
