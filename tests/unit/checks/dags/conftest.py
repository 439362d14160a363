"""A project whose DAGs folder holds the examples, with a real worker environment and real parsers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks.dag_parser.open_session import open_session
from harness.config.load import load_settings
from harness.config.model import SETTINGS_FILE, Settings
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.checks.dag_parser.session import Session
    from harness.workerenv.store import WorkerEnvironment

EXAMPLES = Path(__file__).parents[3] / "examples"


def make_session(
    root: Path, worker: WorkerEnvironment, environ: Mapping[str, str], settings: Settings | None = None
) -> Session:
    """The session of a project in `root`."""
    used = settings or Settings()
    project = locate_project(root, used.local)
    for folder in (project.dags_folder, project.plugins_folder):
        folder.mkdir(parents=True, exist_ok=True)
    return open_session(project, used, environ, worker)


@pytest.fixture(scope="session")
def example_session(
    tmp_path_factory: pytest.TempPathFactory, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> Iterator[Session]:
    """The session for examples without settings of their own."""
    root = tmp_path_factory.mktemp("examples")
    for case in EXAMPLES.glob("*/*"):
        if not (case / SETTINGS_FILE).exists():
            shutil.copytree(case, root / "dags" / case.relative_to(EXAMPLES))
    session = make_session(root, worker, fenced_environ)
    yield session
    Path(session.socket).unlink(missing_ok=True)  # its parser notices and leaves


@pytest.fixture(scope="session")
def impatient_session(
    tmp_path_factory: pytest.TempPathFactory, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> Iterator[Session]:
    """The session for examples with settings of their own: they all have the same, with small budgets."""
    root = tmp_path_factory.mktemp("impatient")
    chosen = [case for case in EXAMPLES.glob("*/*") if (case / SETTINGS_FILE).exists()]
    assert len({(case / SETTINGS_FILE).read_text(encoding="utf-8") for case in chosen}) == 1
    for case in chosen:
        shutil.copytree(case, root / "dags" / case.relative_to(EXAMPLES))
    session = make_session(root, worker, fenced_environ, load_settings(chosen[0], {}, {}).settings)
    yield session
    Path(session.socket).unlink(missing_ok=True)
