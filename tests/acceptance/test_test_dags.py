"""The main job on real DAGs: through the scheduler, SQS and a worker, and what a person reads of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

_ROOT = Path(__file__).parents[2]
_EXAMPLE = ("dags", "plugins", "requirements", "startup", "seeds.toml", "dag-tests.toml", "mwaa.toml")
_SECONDS = 1500.0

_DAG = """
import pendulum
from airflow import DAG
from airflow.operators.python import PythonOperator

def work():
    print("the words of the task")
    {statement}

with DAG("{dag_id}", schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC")):
    PythonOperator(task_id="work", python_callable=work)
"""


def _copy_example(target: Path) -> None:
    for name in _EXAMPLE:
        source = _ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, target / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy2(source, target / name)


def _outcomes(report: Path) -> dict[str, str]:
    """Outcome by item: passed, failed, skipped."""
    return {
        f"{case.get('classname')}::{case.get('name')}": next(
            (child.tag for child in case if child.tag in _TAGS), "passed"
        )
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - written a moment ago
    }


_TAGS = {"failure", "error", "skipped"}


@pytest.fixture
def place(shared_environment: CommandProject) -> Iterator[CommandProject]:
    """The shared environment; what a test adds to its project goes with the test."""
    root = shared_environment.root
    before = {path for path in root.rglob("*") if ".mwaa" not in path.parts}
    yield shared_environment
    for path in sorted(set(root.rglob("*")) - before, reverse=True):
        if ".mwaa" not in path.parts and path.is_file():
            path.unlink()


def test_every_example_dag_does_what_it_should_and_the_environment_goes_again(
    make_project: Callable[[str], CommandProject],
) -> None:
    project = make_project("example project")
    _copy_example(project.root)
    done = project.run("test-dags", "--junitxml=report.xml", seconds=_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = _outcomes(project.root / "report.xml")
    files = {path.stem for path in (project.root / "dags").glob("*.py")}
    assert {name for name in outcomes if name.endswith("::parses")} == {
        f"dags.{name}::parses" for name in files
    }
    assert len(outcomes) > 2 * len(files)
    assert set(outcomes.values()) == {"passed"}
    assert project.processes() == []


def test_a_failure_shows_where_and_why_and_the_running_environment_stays(place: CommandProject) -> None:
    place.write("dags/fails.py", _DAG.format(dag_id="fails", statement="raise ValueError('no rows today')"))
    place.write("dags/broken.py", "from airflow import DAG\n\nimport pandas_is_not_here\n")
    place.write("dag-tests.toml", "[defaults]\ntimeout = 600\n")
    before = place.pids()
    done = place.run("test-dags", "-k", "fails or broken", seconds=_SECONDS)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "dags/broken.py:3: ModuleNotFoundError: No module named 'pandas_is_not_here'" in done.stdout
    assert "fails: the run ended in failed, expected success: work failed" in done.stdout
    assert "the words of the task" in done.stdout
    assert "ValueError: no rows today" in done.stdout
    assert place.pids() == before


def test_a_saved_dag_is_what_runs(place: CommandProject) -> None:
    for number in (1, 2):
        place.write("dags/saved.py", _DAG.format(dag_id="saved", statement=f"return {number}"))
        place.write("dag-tests.toml", f"[dags.saved.expect]\nxcoms = {{ work = {number} }}\n")
        done = place.run("test-dags", "dags/saved.py", seconds=_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr


def test_seeds_are_there_before_the_first_run_and_again_before_the_second(place: CommandProject) -> None:
    statement = (
        "from airflow.models import Variable; from airflow.hooks.base import BaseHook; import boto3; "
        "return [Variable.get('colour'), BaseHook.get_connection('db').host, "
        "boto3.client('s3').get_object(Bucket='seeded', Key='k')['Body'].read().decode()]"
    )
    place.write("dags/seeded.py", _DAG.format(dag_id="seeded", statement=statement))
    for colour in ("red", "blue"):
        place.write(
            "seeds.toml",
            f'[variables]\ncolour = "{colour}"\n'
            f'[connections.db]\nconn_type = "http"\nhost = "{colour}.example"\n'
            f'[[s3]]\nbucket = "seeded"\nkey = "k"\ncontent = "{colour} object"\n',
        )
        expected = f'["{colour}", "{colour}.example", "{colour} object"]'
        place.write("dag-tests.toml", f"[dags.seeded.expect]\nxcoms = {{ work = {expected} }}\n")
        done = place.run("test-dags", "dags/seeded.py", seconds=_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr


def test_peoples_own_tests_run_dags_through_the_fixture(place: CommandProject) -> None:
    place.write("dags/own.py", _DAG.format(dag_id="own", statement="return 3 * 5"))
    place.write(
        "test_own.py",
        """
def test_own(mwaa):
    run = mwaa.run_dag("own", conf={"a": 1})
    assert run.state == "success"
    assert run.task("work").xcom() == 15
    assert "the words of the task" in run.task("work").log()
    assert mwaa.s3().list_buckets()["Buckets"]
    assert mwaa.airflow(["dags", "list-import-errors"]) == 0
""",
    )
    done = place.run("test-dags", "test_own.py", seconds=_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_paused_dag_is_paused_again(place: CommandProject) -> None:
    place.write("dags/paused.py", _DAG.format(dag_id="paused", statement="return 1"))
    assert place.run("test-dags", "dags/paused.py", seconds=_SECONDS).returncode == 0
    with place.metadata() as metadata:
        assert metadata.known_dags(["paused"])["paused"].is_paused


def test_a_run_that_takes_too_long_is_stopped_and_told(place: CommandProject) -> None:
    place.write("dags/slow.py", _DAG.format(dag_id="slow", statement="__import__('time').sleep(600)"))
    place.write("dag-tests.toml", "[dags.slow]\ntimeout = 15\n")
    done = place.run("test-dags", "dags/slow.py", seconds=_SECONDS)
    assert done.returncode == 1
    assert "slow: not finished after 15 seconds: work " in done.stdout
