from __future__ import annotations

from pathlib import Path

import pytest

from harness.checks.configuration import judge_option, read_default_options
from harness.errors import Location

_DEFAULTS = """
[core]
parallelism = 32
load_examples = True
# security =
[scheduler]
scheduler_idle_sleep_time = 1
[celery]
operation_timeout = 1.0
"""


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("core.parallelism", "16", None),
        ("core.parallelism", "many", "option-type"),
        ("core.security", "kerberos", None),
        ("core.paralelism", "16", "option-unknown"),
        ("core.dag_concurrency", "16", "option-renamed"),
        ("core.executor", "LocalExecutor", "option-blocked"),
        ("celery.worker_concurrency", "4", "option-ignored"),
        ("celery.operation_timeout", "2", None),
        ("celery.operation_timeout", "soon", "option-type"),
        ("company.region", "eu", "option-section-unknown"),
    ],
)
def test_an_option_is_held_against_airflows_own(
    name: str, value: str, rule: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "default_airflow.cfg"
    file.write_text(_DEFAULTS, encoding="utf-8")
    found = list(judge_option(name, value, read_default_options(file), Location(Path("mwaa.toml"), 3)))
    assert [finding.rule for finding in found] == ([] if rule is None else [rule])


def test_a_misspelt_option_gets_a_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "default_airflow.cfg"
    file.write_text(_DEFAULTS, encoding="utf-8")
    (found,) = judge_option("core.paralelism", "1", read_default_options(file), Location(Path("mwaa.toml")))
    assert "did you mean 'parallelism'?" in found.message
