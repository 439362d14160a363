"""The startup script runs in real bash, as every component, and cannot harm the machine it is checked on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.checks.startup_script_run import run_on_components
from harness.config.model import LocalSettings, Settings
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.results import Finding


def run(script: str, root: Path, environ: Mapping[str, str], seconds: int = 60) -> list[Finding]:
    settings = Settings(local=replace(LocalSettings(), startup_script_seconds=seconds))
    project = locate_project(root, settings.local)
    project.startup_script.parent.mkdir(exist_ok=True)
    project.startup_script.write_text(script, encoding="utf-8")
    return run_on_components(project, settings, environ, root / "no-worker-environment")


def describe(findings: list[Finding]) -> list[tuple[str, int | None, str]]:
    return [(each.rule, each.location.line, each.message) for each in findings if each.location]


@pytest.mark.parametrize(
    "script",
    [
        "export A=1\n",
        "sudo yum install -y jq\nsudo -E pip3 install pandas\n",
        "exit 0\nfalse\n",
        'cd /usr/local/airflow 2>/dev/null || cd "$AIRFLOW_HOME"\n[ -d dags ]\n',
        '[ -n "$MWAA_AIRFLOW_COMPONENT" ]\n',
        "sleep 300 &\n",
    ],
)
def test_a_script_that_ends_well_has_no_findings(
    script: str, tmp_path: Path, fenced_environ: Mapping[str, str]
) -> None:
    assert run(script, tmp_path, fenced_environ) == []


def test_a_failing_line_is_named(tmp_path: Path, fenced_environ: Mapping[str, str]) -> None:
    found = run(
        "set -e\nprepare() {\n  no-such-command --now\n}\nprepare\necho after\n", tmp_path, fenced_environ
    )
    message = "scheduler, worker, webserver: it ended here with exit status 127"
    assert describe(found) == [("startup-script-fails", 3, message)]
    assert "no-such-command" in " ".join(found[0].details)


def test_the_component_that_fails_is_named(tmp_path: Path, fenced_environ: Mapping[str, str]) -> None:
    script = 'if [ "$MWAA_AIRFLOW_COMPONENT" = webserver ]; then\n  exit 3\nfi\n'
    message = "webserver: it ended here with exit status 3"
    assert describe(run(script, tmp_path, fenced_environ)) == [("startup-script-fails", 2, message)]


def test_a_script_that_takes_too_long_is_ended(tmp_path: Path, fenced_environ: Mapping[str, str]) -> None:
    found = run("echo begun\nsleep 600\n", tmp_path, fenced_environ, seconds=2)
    message = "scheduler, worker, webserver: it was still at this line after 2 seconds"
    assert describe(found) == [("startup-script-slow", 2, message)]


def test_a_script_finds_no_aws(tmp_path: Path, fenced_environ: Mapping[str, str]) -> None:
    environ = {**fenced_environ, "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_PROFILE": "real"}
    script = (
        '[ "$AWS_ENDPOINT_URL" = http://127.0.0.1:9 ]\n'
        '[ "${AWS_ACCESS_KEY_ID:-}" != AKIAREAL ] && [ -z "${AWS_PROFILE:-}" ] || exit 4\n'
    )
    assert run("set -e\n" + script, tmp_path, environ) == []
