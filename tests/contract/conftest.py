"""One environment per runtime backend that this machine can run, shared by the whole suite."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from harness.config.model import LocalSettings, Settings
from harness.events import Event, ignore_events
from harness.project.layout import Project, locate_project
from harness.runtime.backend import Backend
from harness.runtime.native import NativeBackend
from harness.workerenv.store import ensure_worker_environment
from harness.workerenv.tools import ensure_tool_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


DAG = """
from datetime import datetime

from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def contract():
    @task
    def multiply():
        return 3 * 5

    multiply()


contract()
"""


@dataclass(frozen=True)
class Subject:
    """A backend and the project it runs; `make` gives another backend object for the same project."""

    project: Project
    settings: Settings
    make: Callable[[Settings], Backend]

    @property
    def backend(self) -> Backend:
        return self.make(self.settings)

    def up(self) -> list[Event]:
        heard: list[Event] = []
        self.backend.up(heard.append)
        return heard


def make_native(project: Project, environ: Mapping[str, str], cache: Path) -> Callable[[Settings], Backend]:
    """Native backends for `project` whose environments are built once and kept in `cache`."""
    builder = replace(project, root=cache)

    def make(settings: Settings) -> Backend:
        return NativeBackend(
            project,
            settings,
            environ,
            ensure_worker=lambda events: ensure_worker_environment(builder, settings, environ, events),
            ensure_tool=lambda tool, events: ensure_tool_environment(tool, builder.state, environ, events),
        )

    return make


BACKENDS = {"native": make_native}


@pytest.fixture(scope="session")
def make_subject(
    tmp_path_factory: pytest.TempPathFactory,
    fenced_environ: Mapping[str, str],
    pytestconfig: pytest.Config,
) -> Iterator[Callable[[str], Subject]]:
    """Makes a project with one DAG and a backend for it; what it started is stopped in the end."""
    made: list[Subject] = []

    def make(name: str) -> Subject:
        cache = pytestconfig.cache
        assert cache is not None
        root = tmp_path_factory.mktemp("contract") / "ein Projekt für alle"
        (root / "dags").mkdir(parents=True)
        (root / "dags" / "contract.py").write_text(DAG, encoding="utf-8")
        project = locate_project(root, LocalSettings())
        environ = {**os.environ, **fenced_environ}
        subject = Subject(project, Settings(), BACKENDS[name](project, environ, cache.mkdir("mwaa")))
        made.append(subject)
        return subject

    yield make
    for subject in made:
        subject.backend.down(ignore_events)


@pytest.fixture(scope="session", params=sorted(BACKENDS))
def subject(request: pytest.FixtureRequest, make_subject: Callable[[str], Subject]) -> Subject:
    """A project whose environment is up when the session's first test asks for it."""
    made = make_subject(request.param)
    made.backend.up(ignore_events)
    return made
