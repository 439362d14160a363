"""What is kept of unchanged files is what a cold run would say, whatever happens to the tree."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.checks.dags.parsers import ask_warm
from harness.checks.dags.verdicts import Question, check_dags
from tests.unit.checks.dags.conftest import make_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.dag_parser.client import Facts
    from harness.checks.dag_parser.session import Session
    from harness.results import Finding
    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

_DAG = """
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator
{extra}
with DAG("{dag_id}", start_date=datetime(2023, 1, 1), schedule="@daily"):
    EmptyOperator(task_id="a")
"""
_EXTRAS = {
    "nothing": "",
    "helper": "from helper_of_cache_test import VALUE",
    "package": "from package_of_cache_test.inner import VALUE",
    "optional": "try:\n    import optional_of_cache_test\nexcept ImportError:\n    pass",
    "data": "import pathlib\nassert 'x' in pathlib.Path(__file__).with_name('data.txt').read_text()",
    "exists": "import os.path\nassert os.path.exists(os.path.dirname(__file__) + '/flag')",
    "listing": "import os\nassert len(os.listdir(os.path.dirname(__file__))) % 2",
    "plugin": "from plugin_of_cache_test import VALUE",
    "template": "from airflow.operators.bash import BashOperator",
}
_CONTENTS = {
    "dags/helper_of_cache_test.py": ["VALUE = 1\n", "VALUES = 1\n", "def (\n"],
    "dags/package_of_cache_test/__init__.py": ["", "1 / 0\n"],
    "dags/package_of_cache_test/inner.py": ["VALUE = 1\n", ""],
    "dags/optional_of_cache_test.py": ["", "1 / 0\n"],
    "dags/data.txt": ["x", "y"],
    "dags/flag": [""],
    "dags/other": [""],
    "plugins/plugin_of_cache_test.py": ["VALUE = 1\n", "VALUES = 1\n"],
    **{
        f"dags/{name}.py": [_DAG.format(extra=extra, dag_id=dag_id) for extra in _EXTRAS.values()]
        for name, dag_id in (("one", "same"), ("two", "same"), ("three", "other"))
    },
}
_changes = st.sampled_from(sorted(_CONTENTS)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from([None, *_CONTENTS[name]]))
)


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> Iterator[tuple[Path, Session]]:
    root = tmp_path_factory.mktemp("cached")
    session = make_session(root, worker, fenced_environ)
    yield root, session
    Path(session.socket).unlink(missing_ok=True)


def change(root: Path, name: str, content: str | None) -> None:
    path = root / name
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def judge(session: Session, cache: Path) -> tuple[Finding, ...]:
    return check_dags(session, Question(str(cache)), ask_warm, lambda _done, _count: None).findings


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(_changes, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_kept_verdict_is_the_cold_verdict(
    steps: list[list[tuple[str, str | None]]],
    project: tuple[Path, Session],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root, session = project
    for name in _CONTENTS:
        change(root, name, None)
    kept = tmp_path_factory.mktemp("kept")
    for step in steps:
        for name, content in step:
            change(root, name, content)
        time.sleep(0.06)  # facts about files younger than this are never kept
        judge(session, kept)
        assert judge(session, kept) == judge(session, tmp_path_factory.mktemp("fresh"))


def test_an_unchanged_file_is_not_parsed_again(project: tuple[Path, Session], tmp_path: Path) -> None:
    root, session = project
    for name in _CONTENTS:
        change(root, name, None)
    change(root, "dags/one.py", _CONTENTS["dags/one.py"][0])
    time.sleep(0.06)
    judge(session, tmp_path)

    def refuse(_session: Session, _files: Sequence[str], _options: Mapping[str, object]) -> Iterator[Facts]:
        raise AssertionError("parsed again")

    result = check_dags(session, Question(str(tmp_path)), refuse, lambda _done, _count: None)
    assert result.facts == ("1 file, 1 DAG, 1 unchanged",)
