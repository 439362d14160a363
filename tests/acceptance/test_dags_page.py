"""The HTML page of `check dags`, looked at in a real browser: it renders, and needs nothing but itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from harness.config.model import LocalSettings
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Page

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[1] / "examples"
_CASES = ("valid/dags-plain", "invalid/dags-queue-default", "invalid/dags-template-macro-missing")


def test_the_page_shows_findings_times_and_graphs_and_asks_for_nothing(
    page: Page, worker_environment: WorkerEnvironment, tmp_path: Path, fenced_environ: Mapping[str, str]
) -> None:
    environments = locate_project(tmp_path, LocalSettings()).state.worker_environments
    environments.mkdir(parents=True)
    (environments / worker_environment.path.name).symlink_to(worker_environment.path)
    (tmp_path / "mwaa.toml").touch()
    (tmp_path / "dags").mkdir()
    for case in _CASES:
        name = case.partition("dags-")[2].replace("-", "_")
        text = (EXAMPLES / case / "a.py").read_text(encoding="utf-8")
        (tmp_path / "dags" / f"{name}.py").write_text(
            text.replace('"example"', f'"{name}"'), encoding="utf-8"
        )
    done = subprocess.run(
        [sys.executable, "-m", "harness", "check", "dags", "--cold", "--html", "page.html"],
        cwd=tmp_path,
        env=dict(fenced_environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))

    address = (tmp_path / "page.html").as_uri()
    page.goto(address)

    expect(page).to_have_title("DAG check: failed")
    expect(page.locator(".chip.error")).to_have_text("3 errors")
    expect(page.get_by_text("dags/queue_default.py:7", exact=True)).to_be_visible()
    expect(page.locator(".bar").first).to_be_visible()
    expect(page.locator("svg")).to_have_count(len(_CASES))
    expect(page.locator("svg .task.error")).to_have_count(3)
    assert page.locator("svg .edge").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert asked == [address]
    assert problems == []
