from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from harness.checks.base import Rule
from harness.errors import Location
from harness.report.formats import find_reporter
from harness.results import CheckResult, Finding, Outcome, Related, Severity, Skipped
from tests.sarif import expect_sarif

ROOT = Path("/project")
FINDING = Finding(
    rule="pin-conflicts",
    severity=Severity.ERROR,
    message="pandas: 100% wrong",
    location=Location(ROOT / "requirements.txt", 2, 7),
    hint="take 1.5.2",
    details=("1. one", "2. two"),
    source="pandas==2.0.3",
    length=7,
    related=(Related(Location(ROOT / "constraints.txt", 9, 1), "constraint: pandas==1.5.2"),),
)
RESULT = CheckResult(
    "requirements", (ROOT / "requirements.txt",), (FINDING,), (Skipped("sizes", "needs the index"),)
)
RULES = {"pin-conflicts": Rule("pin-conflicts", Severity.ERROR, "t", "w", "f", "b", "g")}


def _render(name: str, result: CheckResult = RESULT) -> str:
    return find_reporter(name)((result,), ROOT, RULES)


def test_text_shows_the_line_with_a_caret_below_the_mistake() -> None:
    lines = _render("text").splitlines()
    assert lines[0] == "requirements.txt:2:7: error: pandas: 100% wrong [pin-conflicts]"
    source, caret = lines[1], lines[2]
    assert source.index("==") == caret.index("^")
    assert caret.count("^") == 7
    assert "    hint: take 1.5.2" in lines
    assert "skipped: sizes: needs the index" in lines


def test_text_repeats_no_control_characters() -> None:
    result = CheckResult("c", (), (Finding("r", Severity.NOTE, "red\x1b[31m"),))
    assert "\x1b" not in _render("text", result)


def test_json_follows_its_schema() -> None:
    schema = json.loads((Path(__file__).parents[3] / "docs" / "report-schema.json").read_text("utf-8"))
    document = json.loads(_render("json"))
    jsonschema.validate(document, schema)
    required = schema["properties"]["results"]["items"]["required"]
    assert set(required) == set(document["results"][0])
    finding = schema["$defs"]["finding"]
    assert set(finding["required"]) == set(document["results"][0]["findings"][0])


def test_junit_counts_failures_and_skips() -> None:
    suite = ET.fromstring(_render("junit")).find("testsuite")  # noqa: S314 - our own document
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")


def test_sarif_names_rule_place_and_region() -> None:
    run = expect_sarif(_render("sarif"))["runs"][0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "requirements.txt"
    assert place["region"] == {"startLine": 2, "startColumn": 7, "endColumn": 14}
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == "t"


@pytest.mark.parametrize(
    "location",
    [
        None,
        Location(ROOT / "dags"),
        Location(ROOT / "dags/a.py", 3),
        Location(ROOT / "dags/ä b#c%.py", 3, 1),
        Location(Path("/usr/local/airflow/elsewhere é.py"), 1, 1),
    ],
    ids=str,
)
def test_sarif_is_valid_wherever_a_finding_is(location: Location | None) -> None:
    twice = (FINDING.related[0], FINDING.related[0])
    unknown = Finding("no-such-rule", Severity.NOTE, "é\x1b", location, length=0, related=twice)
    expect_sarif(_render("sarif", CheckResult("c", (), (unknown, FINDING, unknown))))


def test_github_commands_escape_what_would_end_them() -> None:
    first = _render("github").splitlines()[0]
    assert first.startswith(
        "::error title=pin-conflicts,file=requirements.txt,line=2,col=7::pandas: 100%25 wrong%0A"
    )


def test_gitlab_fingerprints_are_stable() -> None:
    first, second = (json.loads(_render("gitlab"))[0] for _ in range(2))
    assert first["fingerprint"] == second["fingerprint"]
    assert first["location"] == {"path": "requirements.txt", "lines": {"begin": 2}}


def test_skipped_is_never_passed() -> None:
    assert CheckResult("c", skipped=(Skipped("a", "b"),)).outcome is Outcome.SKIPPED
    assert CheckResult("c").outcome is Outcome.PASSED
