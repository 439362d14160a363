"""Each folder below tests/examples is a case: valid ones pass, invalid ones give the listed findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks.dags.parsers import ask_cold, ask_warm
from harness.checks.dags.verdicts import Parser, Question, check_dags
from harness.config.model import SETTINGS_FILE
from harness.report.json_document import render_json
from harness.report.sarif import render_sarif
from tests.sarif import expect_sarif
from tests.unit.checks.dags.conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.checks.dag_parser.session import Session
    from harness.results import CheckResult, Finding

pytestmark = [pytest.mark.network, pytest.mark.slow]

VALID = sorted(path.name for path in (EXAMPLES / "valid").glob("dags-*"))
INVALID = sorted(path.name for path in (EXAMPLES / "invalid").glob("dags-*"))


@pytest.fixture
def session_of(example_session: Session, impatient_session: Session) -> Callable[[str], Session]:
    """Finds the session that an example belongs to."""

    def choose(case: str) -> Session:
        return impatient_session if (EXAMPLES / case / SETTINGS_FILE).exists() else example_session

    return choose


def judge(session: Session, case: str, root: Path, parser: Parser) -> CheckResult:
    folder = str(Path(session.dags_folder) / case)
    return check_dags(session, Question(str(root), (folder,)), parser, lambda _done, _count: None)


def describe(finding: Finding, folder: Path) -> str:
    assert finding.location is not None
    place = finding.location.path.relative_to(folder).as_posix()
    return f"{finding.severity.value} {finding.rule} {place}:{finding.location.line}"


@pytest.mark.parametrize("name", VALID)
def test_a_valid_example_has_no_findings(
    name: str, session_of: Callable[[str], Session], tmp_path: Path
) -> None:
    result = judge(session_of(f"valid/{name}"), f"valid/{name}", tmp_path, ask_warm)
    assert result.findings == ()


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_example_has_exactly_the_listed_findings(
    name: str, session_of: Callable[[str], Session], tmp_path: Path
) -> None:
    session = session_of(f"invalid/{name}")
    result = judge(session, f"invalid/{name}", tmp_path, ask_warm)
    folder = Path(session.dags_folder) / "invalid" / name
    expected = (EXAMPLES / "invalid" / name / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert [describe(finding, folder) for finding in result.findings] == expected


@pytest.mark.parametrize("settings", ["example_session", "impatient_session"])
def test_every_finding_points_at_a_line_of_the_example(
    settings: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    session = request.getfixturevalue(settings)
    result = judge(session, "invalid", tmp_path, ask_warm)
    assert result.findings
    expect_sarif(render_sarif([result], tmp_path, {}))
    for finding in result.findings:
        assert finding.location is not None
        assert finding.location.path.is_relative_to(session.dags_folder)
        lines = finding.location.path.read_text(encoding="utf-8").splitlines()
        assert finding.location.line is not None
        assert 1 <= finding.location.line <= len(lines)


@pytest.mark.parametrize("settings", ["example_session", "impatient_session"])
@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_the_cold_parser_gives_the_same_bytes(
    kind: str, settings: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    session = request.getfixturevalue(settings)
    documents = []
    for name, parser in (("warm", ask_warm), ("cold", ask_cold)):
        result = judge(session, kind, tmp_path / name, parser)
        findings = json.loads(render_json([result], tmp_path, {}))["results"][0]["findings"]
        documents.append(json.dumps(findings))
    assert documents[0] == documents[1]
