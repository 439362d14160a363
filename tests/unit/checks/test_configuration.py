from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import process
from harness.checks.configuration import FRACTIONS, judge_option, read_default_options
from harness.errors import Location

if TYPE_CHECKING:
    from harness.workerenv.store import WorkerEnvironment

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
        ("core.parallelism", "16.0", "option-type"),
        ("core.security", "kerberos", None),
        ("scheduler.scheduler_idle_sleep_time", "0.5", None),
        ("scheduler.scheduler_idle_sleep_time", "soon", "option-type"),
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


_READS = """
import ast, configparser, json, pathlib, re, sys
root = pathlib.Path(sys.argv[1])
reads = {}
for file in root.rglob("*.py"):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = {word.arg: word.value for word in node.keywords}
            section, key = (*node.args, words.get("section"), words.get("key"))[:2]
            if isinstance(section, ast.Constant) and isinstance(key, ast.Constant):
                reads.setdefault(f"{section.value}.{key.value}".lower(), set()).add(node.func.attr)
parser = configparser.RawConfigParser(strict=False)
parser.read(root / "config_templates" / "default_airflow.cfg")
whole = [f"{s}.{k}" for s in parser.sections() for k, v in parser.items(s) if re.fullmatch(r"-?[0-9]+", v)]
found = {name: reads.get(name, set()) for name in whole}
print(json.dumps([name for name in found if "getfloat" in found[name] and "getint" not in found[name]]))
"""


@pytest.mark.network
@pytest.mark.slow
def test_the_options_that_take_fractions_are_those_that_airflow_reads_so(
    worker_environment: WorkerEnvironment,
) -> None:
    (airflow,) = (worker_environment.path / "lib").glob("python3*/site-packages/airflow")
    done = process.check([worker_environment.python, "-c", _READS, airflow], env={}, timeout=120)
    assert set(json.loads(done.stdout)) == FRACTIONS
