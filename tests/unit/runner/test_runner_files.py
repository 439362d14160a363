"""Task logs, synced files, parse reports and seeds as parse-time variables."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from harness.config.model import EnvironmentSettings, Settings
from harness.errors import CollectedError, Location
from harness.project.seed_variables import seed_variables
from harness.project.seeds import SeedConnection, Seeds
from harness.runner.case_checks import check_cases
from harness.runner.cases import Case, DagTests, Start
from harness.runner.failure_text import describe_parse_errors, shorten
from harness.runner.parse_report import ParsedDag, ParsedFile, ParseReport, read_report
from harness.runner.run_state import RunKey, TaskState
from harness.runner.task_logs import attempt_path, read_attempts, read_last_lines
from harness.runtime.synced_files import newest_arrival

_KEY = RunKey("etl", "test__1")
_BACKEND = {
    "secrets.backend": "…SecretsManagerBackend",
    "secrets.backend_kwargs": '{"variables_prefix": "team/vars"}',
}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("map_index", "expected"),
    [
        (-1, "dag_id=etl/run_id=test__1/task_id=load/attempt=2.log"),
        (3, "dag_id=etl/run_id=test__1/task_id=load/map_index=3/attempt=2.log"),
    ],
)
def test_fact_9_2_names_the_log_of_an_attempt(map_index: int, expected: str) -> None:
    assert attempt_path(Path(), _KEY, TaskState("load", map_index, None), 2) == Path(expected)


def test_attempts_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    task = TaskState("load", -1, "success", 10)
    for number in (10, 2, 1):
        _write(attempt_path(tmp_path, _KEY, task, number), f"{number}\n")
    assert read_attempts(tmp_path, _KEY, task) == "1\n2\n10\n"
    assert read_last_lines(tmp_path, _KEY, task, 5) == ("10",)


def test_a_task_that_wrote_nothing_has_an_empty_log(tmp_path: Path) -> None:
    task = TaskState("load", -1, "failed", 1)
    assert read_attempts(tmp_path, _KEY, task) == ""
    assert read_last_lines(tmp_path, _KEY, task, 5) == ()


def test_files_have_arrived_when_every_copy_is_equal(tmp_path: Path) -> None:
    for folder in ("source", "one", "two"):
        _write(tmp_path / folder / "sub" / "etl.py", "x = 1")
    copies = [tmp_path / "one", tmp_path / "two"]
    arrival = newest_arrival(tmp_path / "source", ["sub/etl.py"], copies)
    changed = max((copy / "sub" / "etl.py").stat().st_ctime for copy in copies)
    assert arrival == datetime.fromtimestamp(changed, tz=timezone.utc)


@pytest.mark.parametrize("text", ["x = 2", "x = 10", None])
def test_files_have_not_arrived_while_one_copy_differs_or_lacks(tmp_path: Path, text: str | None) -> None:
    for folder in ("source", "one"):
        _write(tmp_path / folder / "etl.py", "x = 1")
    if text is not None:
        _write(tmp_path / "two" / "etl.py", text)
    copies = [tmp_path / "one", tmp_path / "two"]
    assert newest_arrival(tmp_path / "source", ["etl.py"], copies) is None


def test_seeds_stand_in_as_variables_that_airflow_looks_at_first() -> None:
    seeds = Seeds(
        connections=(SeedConnection("db", "http", host="h", extra={"a": 1}),),
        variables={"colour": "red"},
        secrets={"team/vars/size": "4", "airflow/connections/api": "http://x", "elsewhere/y": "z"},
    )
    settings = Settings(EnvironmentSettings(airflow_configuration_options=_BACKEND))
    assert seed_variables(seeds, settings) == {
        "AIRFLOW_VAR_COLOUR": "red",
        "AIRFLOW_CONN_DB": '{"conn_type": "http", "host": "h", "extra": {"a": 1}}',
        "AIRFLOW_VAR_SIZE": "4",
        "AIRFLOW_CONN_API": "http://x",
    }


def test_secrets_are_not_read_where_no_backend_is_configured() -> None:
    assert seed_variables(Seeds(secrets={"airflow/variables/a": "1"}), Settings()) == {}


def test_a_parse_report_is_read_from_json() -> None:
    frame = {"file": "/p/dags/etl.py", "line": 3, "function": "<module>", "text": "import x"}
    document = {
        "files": [
            {
                "path": "/p/dags/etl.py",
                "dags": [
                    {
                        "dag_id": "etl",
                        "tasks": ["a"],
                        "datasets_in": [],
                        "datasets_out": ["s3://b/k"],
                        "serialized": {"fileloc": "/usr/local/airflow/dags/etl.py", "tags": ["t"]},
                    }
                ],
                "errors": [{"type": "KeyError", "message": "'x'", "frames": [frame], "traceback": "…"}],
                "reads": [{"kind": "variable", "name": "x", "file": "/p/dags/etl.py", "line": 3}],
            }
        ],
        "plugin_errors": [{"source": "p.py", "message": "no"}],
    }
    report = read_report(document)
    dag = report.find_dag("etl")
    assert dag is not None
    assert dag.serialized == {"tags": ["t"]}
    file = report.find_file(Path("/p/dags/etl.py"))
    assert file is not None
    assert str(file.errors[0].location) == "/p/dags/etl.py:3"
    assert describe_parse_errors(file, Path("/p")) == (
        "dags/etl.py:3: KeyError: 'x'\n  dags/etl.py:3 in <module>\n    import x"
    )
    assert str(file.reads[0].location) == "/p/dags/etl.py:3"


def test_a_place_outside_the_project_keeps_its_whole_path() -> None:
    assert shorten(Location(Path("/q/x.py"), 3), Path("/p")) == "/q/x.py:3"


def _report(*dags: ParsedDag) -> ParseReport:
    return ParseReport((ParsedFile(Path("/p/dags/etl.py"), dags),))


def _tests(case: Case) -> DagTests:
    return DagTests({case.dag_id: (case,)}, {case.dag_id: Location(Path("dag-tests.toml"), 2)})


def test_a_logical_date_before_the_start_date_is_refused() -> None:
    dag = ParsedDag("etl", (), (), (), {"start_date": datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()})
    case = Case("etl", logical_date=datetime(2023, 12, 31, tzinfo=timezone.utc))
    with pytest.raises(CollectedError, match="before the start_date of etl"):
        check_cases(_tests(case), _report(dag))


def test_a_start_by_dataset_needs_a_producer() -> None:
    consumer = ParsedDag("consumer", (), ("s3://b/k",), (), {})
    case = Case("consumer", start=Start.DATASET)
    with pytest.raises(CollectedError, match="no DAG updates one that it waits for"):
        check_cases(_tests(case), _report(consumer))
    check_cases(_tests(case), _report(consumer, ParsedDag("producer", (), (), ("s3://b/k",), {})))
