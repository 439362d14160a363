"""Airflow's own verdict on the DAGs that it ships: the same DAGs, the same import errors, no false alarm."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.checks.dags.parsers import ask_warm
from harness.checks.dags.verdicts import Question, check_dags
from harness.results import Severity
from tests.unit.checks.dags.conftest import make_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

_DAGBAG = """
import json, sys
from airflow.models.dagbag import DagBag
bag = DagBag(sys.argv[1], include_examples=False)
dags = sorted((dag.fileloc, dag_id) for dag_id, dag in bag.dags.items() if not dag.is_subdag)
print(json.dumps({"dags": dags, "errors": sorted(bag.import_errors)}))
"""


def _folders(worker: WorkerEnvironment) -> list[Path]:
    return sorted((worker.path / "lib").glob("python3*/site-packages/airflow/**/example_dags"))


def _ask_airflow(worker: WorkerEnvironment, folder: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [worker.python, "-W", "ignore", "-c", _DAGBAG, folder],
        env=dict(environ),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_verdicts_on_the_bundled_examples_are_airflows_own(
    tmp_path: Path, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> None:
    folders = _folders(worker)
    assert folders
    session = make_session(tmp_path, worker, fenced_environ)
    for folder in folders:
        question = Question(str(tmp_path), (str(folder),), graph="yes")
        result = check_dags(session, question, ask_warm, lambda _done, _count: None)
        records: Any = result.data["files"]
        ours = sorted([facts["file"], dag["dag_id"]] for facts in records for dag in facts.get("dags", ()))
        theirs = _ask_airflow(worker, folder, session.variables)
        assert ours == theirs["dags"]
        assert sorted(facts["file"] for facts in records if facts["airflow_errors"]) == theirs["errors"]
        alarms = [
            (finding.rule, str(finding.location), finding.message)
            for finding in result.findings
            if finding.severity is Severity.ERROR
            and str(finding.location.path if finding.location else "") not in theirs["errors"]
        ]
        assert alarms == []
    Path(session.socket).unlink()
