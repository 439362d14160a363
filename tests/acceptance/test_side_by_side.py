"""Two projects on one machine do not know of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.environments import borrow_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

ONLY_HERE = """
from datetime import datetime

from airflow import DAG

with DAG("only_here", start_date=datetime(2023, 1, 1), schedule=None):
    pass
"""


def test_a_second_project_runs_beside_the_first(
    shared_environment: CommandProject, make_project: Callable[[str], CommandProject]
) -> None:
    other = make_project("other")
    borrow_database(shared_environment.state, other.state)
    other.write("dags/only_here.py", ONLY_HERE)
    before = shared_environment.pids()

    other.succeed("up")

    mine, theirs = shared_environment.await_ready(60), other.await_ready(60)
    ports = [entry["port"] for entry in (*mine.values(), *theirs.values()) if entry["port"]]
    assert len(ports) == len(set(ports)) == 6
    other.await_dag("only_here")
    with shared_environment.metadata() as metadata:
        assert not metadata.known_dags(["only_here"])

    other.succeed("down")

    assert other.processes() == []
    assert shared_environment.pids() == before
