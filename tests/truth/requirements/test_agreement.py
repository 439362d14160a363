"""pip's own answers, recorded with `record.py`, are the truth that this check is measured against."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from harness.events import ignore_events
from harness.workerenv.interpreters import find_interpreter
from harness.workerenv.matrix import support_row
from harness.workerenv.packager import create_arguments, find_packager, sync_arguments
from tests.giving_up import give_up
from tests.truth.requirements.agreement import HERE, load_recorded, our_decisions, pip_decision
from tests.truth.requirements.record import ask_pip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.truth.requirements.agreement import Decision

CASES = sorted(path.stem for path in (HERE / "cases").glob("*.txt"))
EXPLAINED: dict[str, str] = json.loads((HERE / "disagreements.json").read_text("utf-8"))
SAMPLE = ("boto3-1-17-no-constraint", "dbt-core-1.3.2", "requests-newer-no-constraint")


def test_at_least_sixty_cases_are_recorded() -> None:
    recorded = [case for case in CASES if (HERE / "recorded" / f"{case}.json").is_file()]
    assert recorded == CASES
    assert len(CASES) >= 60


def test_every_disagreement_is_explained_in_the_documentation() -> None:
    text = (HERE.parents[2] / "docs" / "differences.md").read_text("utf-8")
    assert all(case in CASES and f"`{case}`" in text for case in EXPLAINED)


@pytest.fixture(scope="module")
def decisions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Decision]:
    """What we decide on every case that was selected to be run."""
    wanted = test_we_decide_as_pip_does.__name__
    functions = [item for item in request.session.items if isinstance(item, pytest.Function)]
    cases = [str(item.callspec.params["case"]) for item in functions if item.originalname == wanted]
    return our_decisions(cases, tmp_path_factory.mktemp("truth"))


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case not in EXPLAINED])
def test_we_decide_as_pip_does(case: str, decisions: Mapping[str, Decision]) -> None:
    ours = decisions[case]
    if ours.installs is None:
        give_up("the index did not answer")
    assert ours == pip_decision(load_recorded(case))


@pytest.fixture(scope="module")
def base_interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh base environment; its lock holds the service's pip."""
    environ, row = dict(os.environ), support_row("2.5.1")
    folder = tmp_path_factory.mktemp("base") / "env"
    packager = find_packager(environ)
    interpreter = find_interpreter(row.python_series, environ, ignore_events)
    packager.check(create_arguments(interpreter.path, folder), "creating the base environment")
    packager.check(sync_arguments(folder / "bin" / "python", row.base_lock), "installing the base set")
    return folder / "bin" / "python"


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("case", SAMPLE)
def test_pip_still_says_what_was_recorded(case: str, base_interpreter: Path) -> None:
    assert pip_decision(ask_pip(base_interpreter, HERE / "cases" / f"{case}.txt")) == pip_decision(
        load_recorded(case)
    )
