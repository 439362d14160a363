from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.checks.base import render_page
from harness.checks.requirements.rules import ALL_RULES, RULES
from harness.report.sarif import render_sarif
from harness.results import Severity
from tests.sarif import expect_sarif
from tests.unit.checks.requirements.examples import ROOT, Example, examples, summarize

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ROOT.parents[1] / "docs" / "rules"


def _expected(example: Example) -> list[str]:
    expected: list[str] = json.loads((example.folder / "expected.json").read_text("utf-8"))
    return expected


@pytest.mark.parametrize("example", examples("invalid", network=False), ids=lambda e: e.rule)
def test_an_invalid_example_has_exactly_its_findings(example: Example, tmp_path: Path) -> None:
    result = example.run(tmp_path)
    assert summarize(result, example.folder) == _expected(example)
    expect_sarif(render_sarif([result], example.folder, RULES))


@pytest.mark.parametrize("example", examples("valid", network=False), ids=lambda e: e.rule)
def test_a_valid_example_passes(example: Example, tmp_path: Path) -> None:
    result = example.run(tmp_path)
    assert example.rule not in [finding.rule for finding in result.findings]
    assert not result.count(Severity.ERROR)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("example", examples("invalid", network=True), ids=lambda e: e.rule)
def test_an_invalid_example_is_found_with_the_index(example: Example, tmp_path: Path) -> None:
    assert example.rule in [finding.rule for finding in example.run(tmp_path).findings]


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("example", examples("valid", network=True), ids=lambda e: e.rule)
def test_a_valid_example_passes_with_the_index(example: Example, tmp_path: Path) -> None:
    result = example.run(tmp_path)
    assert example.rule not in [finding.rule for finding in result.findings]
    assert not result.count(Severity.ERROR)


@pytest.mark.parametrize("rule", [rule.id for rule in ALL_RULES])
def test_every_rule_has_examples_and_a_page(rule: str) -> None:
    assert (ROOT / "invalid" / f"requirements-{rule}").is_dir()
    assert (ROOT / "valid" / f"requirements-{rule}").is_dir()
    assert (PAGES / f"{rule}.md").read_text("utf-8") == render_page(RULES[rule])


def test_the_index_of_pages_names_every_rule() -> None:
    text = (PAGES / "requirements.md").read_text("utf-8")
    assert all(f"[{rule}]({rule}.md)" in text for rule in RULES)
