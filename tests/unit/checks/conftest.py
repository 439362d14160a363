"""The worker environment that checks ask."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.workerenv.store import WorkerEnvironment

FINISHED_WORKER = os.environ.get("MWAA_TEST_WORKER_ENVIRONMENT")
"""Names the folder of a finished worker environment, to save building one."""


@pytest.fixture(scope="session")
def worker(worker_environment: WorkerEnvironment) -> WorkerEnvironment:
    return WorkerEnvironment(Path(FINISHED_WORKER), "finished") if FINISHED_WORKER else worker_environment
