"""Every rule has its page, every rule of the DAG check its example."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.checks.base import Rule, render_page
from harness.checks.dags import rules as dag_rules
from harness.checks.rule_book import RULE_BOOK

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("rule", RULE_BOOK.values(), ids=str)
def test_every_rule_has_its_page(rule: Rule) -> None:
    assert (ROOT / "docs/rules" / f"{rule.id}.md").read_text(encoding="utf-8") == render_page(rule)


def test_there_is_no_page_without_a_rule() -> None:
    overviews = {"requirements"}
    assert {path.stem for path in (ROOT / "docs/rules").glob("*.md")} - overviews == set(RULE_BOOK)


def test_every_rule_of_the_dag_check_is_shown_by_an_example() -> None:
    shown = {
        line.split()[1]
        for file in (ROOT / "tests/examples/invalid").glob("dags-*/expected.txt")
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    takes_the_whole_folder = {"dataset-never-produced"}  # shown in dags/test_whole_folder.py instead
    assert set(dag_rules.RULES) - shown == takes_the_whole_folder
