from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest_plugins = ["pytester"]

_CONFTEST = """
from pathlib import Path
from fake_bench import FakeBench
from harness.errors import HarnessError, Location, UsageError
from harness.runner.parse_report import Frame, ParseError

def pytest_mwaa_bench(config):
    root = Path(__file__).parent
    return FakeBench(root, {arguments})
"""


def _project(
    pytester: pytest.Pytester, arguments: str, files: tuple[str, ...] = ("one.py", "two.py")
) -> None:
    """A project whose DAG files are never imported: they would not survive it."""
    pytester.syspathinsert(str(Path(__file__).parent))
    pytester.makeconftest(_CONFTEST.format(arguments=arguments))
    pytester.mkdir("dags")
    for name in files:
        (pytester.path / "dags" / name).write_text("raise SystemExit('airflow is not here')\n")


def _calls(pytester: pytest.Pytester) -> list[str]:
    return (pytester.path / "calls.txt").read_text().splitlines()


_TWO = "{'one.py': ['first', 'second'], 'two.py': ['third']}"


def test_every_file_and_every_dag_is_an_item(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    result = pytester.runpytest("--mwaa-dags", "-v")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "dags/one.py::parses PASSED*",
            "dags/one.py::first PASSED*",
            "dags/one.py::second PASSED*",
            "dags/two.py::parses PASSED*",
            "dags/two.py::third PASSED*",
        ]
    )


def test_all_runs_are_submitted_before_the_first_is_waited_for(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.runpytest("--mwaa-dags")
    assert _calls(pytester) == [
        "start",
        *("submit first", "submit second", "submit third"),
        *("wait first", "wait second", "wait third"),
        "close",
    ]


@pytest.mark.parametrize(
    ("shard", "passed", "deselected"), [("1/2", 3, 2), ("2/2", 2, 3), ("3/3", 0, 5), ("1/1", 5, 0)]
)
def test_a_shard_takes_its_part_of_the_files(
    shard: str, passed: int, deselected: int, pytester: pytest.Pytester
) -> None:
    _project(pytester, _TWO)
    result = pytester.runpytest("--mwaa-dags", "--mwaa-shard", shard)
    result.assert_outcomes(passed=passed, deselected=deselected)
    assert result.ret == 0


def test_a_shard_that_is_none_is_wrong_use(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    result = pytester.runpytest("--mwaa-dags", "--mwaa-shard", "3/2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--shard 3/2 is not K/N*"])


def test_only_what_is_selected_runs(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.runpytest("--mwaa-dags", "-k", "second").assert_outcomes(passed=1, deselected=4)
    assert _calls(pytester) == ["start", "submit second", "wait second", "close"]


def test_without_runs_no_environment_is_started(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.runpytest("--mwaa-dags", "-m", "dag_parses").assert_outcomes(passed=2, deselected=3)
    assert "start" not in _calls(pytester)


def test_collect_only_starts_nothing(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.runpytest("--mwaa-dags", "--collect-only").stdout.fnmatch_lines(["*5 tests collected*"])
    assert "start" not in _calls(pytester)


def test_a_dag_file_or_item_can_be_named(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.runpytest("--mwaa-dags", "dags/two.py").assert_outcomes(passed=2)
    pytester.runpytest("--mwaa-dags", "dags/one.py::second").assert_outcomes(passed=1)


def test_without_the_option_nothing_happens(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.makepyfile(test_own="def test_own(): pass")
    pytester.runpytest().assert_outcomes(passed=1)
    assert not (pytester.path / "calls.txt").exists()


def test_tests_beside_the_dags_run_with_them(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    (pytester.path / "dags" / "test_own.py").write_text("def test_own(): pass\n")
    pytester.runpytest("--mwaa-dags").assert_outcomes(passed=6)


def test_a_parse_failure_shows_the_users_own_lines(pytester: pytest.Pytester) -> None:
    frame = "Frame(Location(root / 'dags' / 'one.py', 7), '<module>', 'import pandas')"
    error = f"ParseError('ModuleNotFoundError', \"No module named 'pandas'\", ({frame},), 'Traceback …')"
    _project(pytester, f"{{'one.py': [], 'two.py': ['third']}}, errors={{'one.py': [{error}]}}")
    result = pytester.runpytest("--mwaa-dags")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "dags/one.py:7: ModuleNotFoundError: No module named 'pandas'",
            "  dags/one.py:7 in <module>",
            "    import pandas",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_failed_run_shows_its_tasks_and_their_logs(pytester: pytest.Pytester) -> None:
    _project(pytester, f"{_TWO}, states={{'third': 'failed'}}")
    result = pytester.runpytest("--mwaa-dags")
    result.assert_outcomes(passed=4, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "third: the run ended in failed, expected success: only failed",
            "run id: test__1",
            "---- log of only, last 2 lines *",
            "it went wrong here",
        ]
    )


def test_a_dag_that_is_expected_to_fail_passes_when_it_fails(pytester: pytest.Pytester) -> None:
    _project(pytester, f"{_TWO}, states={{'third': 'failed'}}")
    expect = 'state = "failed"\nfailed_tasks = ["only"]'
    (pytester.path / "dag-tests.toml").write_text(f"[dags.third.expect]\n{expect}\n")
    pytester.runpytest("--mwaa-dags").assert_outcomes(passed=5)


def test_a_dag_that_is_expected_to_fail_fails_when_it_succeeds(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    (pytester.path / "dag-tests.toml").write_text('[dags.third.expect]\nstate = "failed"\n')
    result = pytester.runpytest("--mwaa-dags")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["third: the run ended in success, expected failed*"])


def test_a_skipped_dag_gives_its_reason_and_does_not_run(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    (pytester.path / "dag-tests.toml").write_text('[dags.first]\nskip = "needs the warehouse"\n')
    result = pytester.runpytest("--mwaa-dags", "-rs")
    result.assert_outcomes(passed=4, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*needs the warehouse"])
    assert "submit first" not in _calls(pytester)


def test_each_case_is_an_item(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    (pytester.path / "dag-tests.toml").write_text(
        '[[dags.third.cases]]\nname = "small"\n[[dags.third.cases]]\nname = "large"\n'
    )
    result = pytester.runpytest("--mwaa-dags", "-v", "-k", "third")
    result.stdout.fnmatch_lines(["dags/two.py::third?small? PASSED*", "dags/two.py::third?large? PASSED*"])


def test_a_case_of_an_unknown_dag_is_a_usage_error_with_its_line(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    (pytester.path / "dag-tests.toml").write_text("# cases\n[dags.thrid]\ntimeout = 5\n")
    result = pytester.runpytest("--mwaa-dags")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(['*dag-tests.toml:2: there is no DAG "thrid"', '*Did you mean "third"?'])


def test_an_environment_that_cannot_start_ends_the_session(pytester: pytest.Pytester) -> None:
    _project(pytester, f"{_TWO}, start_error=HarnessError('postgres ended', hint='Look at its log.')")
    result = pytester.runpytest("--mwaa-dags")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*postgres ended*", "*hint: Look at its log.*"])


def test_junit_xml_names_files_and_dags_and_carries_run_ids(pytester: pytest.Pytester) -> None:
    _project(pytester, f"{_TWO}, states={{'third': 'failed'}}")
    pytester.runpytest("--mwaa-dags", "--junitxml=report.xml")
    cases = {case.get("name"): case for case in ET.parse(pytester.path / "report.xml").iter("testcase")}  # noqa: S314 - our own file
    assert set(cases) == {"parses", "first", "second", "third"}
    properties = {each.get("name"): each.get("value") for each in cases["first"].iter("property")}
    assert properties == {"run_id": "test__1", "run_seconds": "1.25"}
    failure = cases["third"].find("failure")
    assert failure is not None
    assert "it went wrong here" in (failure.text or "")


def test_plain_lines_tell_of_the_environment_without_a_terminal(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    result = pytester.runpytest("--mwaa-dags")
    result.stdout.fnmatch_lines(["mwaa: environment: ready", "mwaa: environment: stopped"])
    result.stdout.no_fnmatch_line("*\x1b*")


def test_quiet_means_quiet(pytester: pytest.Pytester) -> None:
    _project(pytester, _TWO)
    pytester.runpytest("--mwaa-dags", "-q").stdout.no_fnmatch_line("*mwaa:*")


def test_x_stops_at_the_first_failure(pytester: pytest.Pytester) -> None:
    _project(pytester, f"{_TWO}, states={{'first': 'failed'}}")
    pytester.runpytest("--mwaa-dags", "-x").assert_outcomes(passed=1, failed=1)
    assert _calls(pytester)[-2:] == ["wait first", "close"]


def test_the_fixture_runs_a_dag_and_reads_it(pytester: pytest.Pytester) -> None:
    _project(pytester, f"{_TWO}, xcoms={{'only': 15, 'only.rows': 3}}")
    pytester.makepyfile(
        """
        import pytest
        from harness.errors import UsageError

        def test_run(mwaa):
            run = mwaa.run_dag("first", conf={"a": 1})
            assert run.state == "success"
            assert run.task_ids == ("only",)
            assert run.task("only").state == "success"
            assert run.task("only").tries == 1
            assert run.task("only").xcom() == 15
            assert run.task("only").xcom("rows") == 3
            assert run.task("only").log() == "log of first.only\\n"

        def test_wrong_names(mwaa):
            with pytest.raises(UsageError, match="no DAG"):
                mwaa.run_dag("frist")
            with pytest.raises(UsageError, match="no task"):
                mwaa.run_dag("first").task("onyl")

        def test_others(mwaa):
            assert mwaa.s3() == "client of s3"
            assert mwaa.airflow(["dags", "list"]) == 2
        """
    )
    pytester.runpytest().assert_outcomes(passed=3)
    assert _calls(pytester)[0] == "start"
    assert _calls(pytester)[-1] == "close"
