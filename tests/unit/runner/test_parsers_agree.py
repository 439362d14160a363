"""The DAG tests and `check dags` parse by different programs; on the examples they must tell the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks.dag_parser.open_session import open_session
from harness.checks.dags.findings import cross_findings
from harness.checks.dags.parsers import ask_cold
from harness.config.model import SETTINGS_FILE, Settings
from harness.project.layout import locate_project
from harness.project.seeds import Seeds
from harness.runner.parsing import parse_working_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "examples"
_NEEDS_MORE = {
    "dags-crashes",  # the DAG tests have one process for all files
    "dags-exits-hard",
    "dags-database-at-parse-time",  # and no database while nothing runs; `check dags` has an empty one
}


def test_both_find_the_same_dags_and_the_same_broken_files(
    tmp_path: Path, worker_environment: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> None:
    project = locate_project(tmp_path, Settings().local)
    project.plugins_folder.mkdir()
    for case in sorted(EXAMPLES.glob("*/dags-*")):
        if not (case / SETTINGS_FILE).exists() and case.name not in _NEEDS_MORE:
            for file in case.glob("*.py"):
                text = file.read_text(encoding="utf-8").replace('"example"', f'"{case.name}"')
                target = project.dags_folder / case.name / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            for file in case.iterdir():
                if file.suffix not in {".py", ".txt"} and file.is_file():
                    shutil.copy2(file, project.dags_folder / case.name)
    for ignoring in project.dags_folder.rglob(".airflowignore"):
        ignoring.unlink()  # its patterns are for the example's folder alone

    report = parse_working_tree(
        project=project,
        settings=Settings(),
        environ=fenced_environ,
        worker_environment=worker_environment.path,
        endpoints=None,
        seeds=Seeds(),
    )
    session = open_session(project, Settings(), fenced_environ, worker_environment)
    files = [str(file.path) for file in report.files]
    options = {**session.options, "has_plugins": "", "graph": ""}
    checked = {facts["file"]: facts for facts in ask_cold(session, files, options)}

    between = {str(each.location.path) for each in cross_findings(list(checked.values())) if each.location}
    differing = []
    for parsed in report.files:
        facts = checked[str(parsed.path)]
        broken = {failure["dag_id"] for failure in facts.get("serialization", ())}
        ours = sorted(dag["dag_id"] for dag in facts["dags"] if dag["dag_id"] not in broken)
        is_wrong = bool(facts["error"] or facts["bag_errors"] or broken) or str(parsed.path) in between
        theirs = sorted(dag.dag_id for dag in parsed.dags)
        if (ours, is_wrong) != (theirs, bool(parsed.errors)) and str(parsed.path) not in between:
            differing.append((parsed.path.parent.name, ours, theirs, is_wrong, parsed.errors))
        assert is_wrong or not parsed.errors
    assert differing == []
    assert len(report.files) > len(_NEEDS_MORE)
