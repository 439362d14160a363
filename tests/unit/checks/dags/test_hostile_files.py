"""Hostile files leave the parser alive and give a finding each, at a line of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks.dags.parsers import ask_running, ask_warm
from harness.checks.dags.verdicts import Question, check_dags
from harness.config.model import EnvironmentSettings, Settings
from harness.results import Severity
from tests.unit.checks.dags.conftest import make_session
from tests.unit.checks.dags.hostile_files import hostile_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

_FRIENDLY = "# an airflow dag\nVALUE = 1\n"


def test_a_hundred_hostile_files_leave_the_parser_alive_and_give_a_finding_each(
    tmp_path: Path, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> None:
    options = {"core.dagbag_import_timeout": "2"}
    settings = Settings(environment=EnvironmentSettings(airflow_configuration_options=options))
    session = make_session(tmp_path, worker, fenced_environ, settings)
    folder = Path(session.dags_folder)
    files = hostile_files()
    assert len(files) >= 100
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    list(ask_warm(session, [], session.options))
    before = Path(session.socket).stat().st_ino
    result = check_dags(session, Question(str(tmp_path)), ask_running, lambda _done, _count: None)
    found = {}
    for finding in result.findings:
        assert finding.location is not None
        if finding.severity is Severity.ERROR:
            found[finding.location.path.name] = (finding.rule, finding.location.line)
    assert set(files) - set(found) == set()
    assert [name for name, (_, line) in found.items() if line == 1] == []
    friendly = folder / "friendly.py"
    friendly.write_text(_FRIENDLY, encoding="utf-8")
    after = list(ask_running(session, [str(friendly)], {**session.options, "has_plugins": ""}))
    assert [facts["error"] for facts in after] == [None]
    assert Path(session.socket).stat().st_ino == before
    Path(session.socket).unlink()
