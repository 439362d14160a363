from __future__ import annotations

import pytest

from harness.config.model import RuntimeChoice
from harness.errors import HarnessError
from harness.runtime.docker_engine import DockerAnswer
from harness.runtime.registry import Selection, select_runtime

AUTO, COMPOSE, NATIVE = RuntimeChoice.AUTO, RuntimeChoice.COMPOSE, RuntimeChoice.NATIVE
WORKS = DockerAnswer(engine="20.10", compose="2.26")


def select(
    choice: RuntimeChoice,
    *,
    running: RuntimeChoice | None = None,
    docker: DockerAnswer = WORKS,
    is_demanded: bool = False,
) -> Selection:
    return select_runtime(choice, running=running, is_demanded=is_demanded, ask=lambda: docker)


def refuse() -> DockerAnswer:
    raise AssertionError("Docker was asked")


def test_auto_takes_containers_when_docker_has_what_it_takes() -> None:
    assert str(select(AUTO)) == "runtime: compose (Docker 20.10 answers and has the images)"


@pytest.mark.parametrize("reason", ["there is no docker command", "no Docker engine answers"])
def test_auto_takes_processes_otherwise_and_says_why(reason: str) -> None:
    assert str(select(AUTO, docker=DockerAnswer(reason=reason))) == f"runtime: native ({reason})"


@pytest.mark.parametrize("choice", [COMPOSE, NATIVE])
def test_a_configured_runtime_is_taken_without_asking(choice: RuntimeChoice) -> None:
    selection = select_runtime(choice, running=None, is_demanded=False, ask=refuse)

    assert (selection.runtime, selection.reason) == (choice, "as configured")


@pytest.mark.parametrize("choice", [AUTO, NATIVE])
def test_an_environment_that_is_up_is_the_one_that_is_meant(choice: RuntimeChoice) -> None:
    selection = select_runtime(choice, running=COMPOSE, is_demanded=False, ask=refuse)

    assert (selection.runtime, selection.reason) == (COMPOSE, "the environment is up on it")


def test_another_runtime_cannot_be_demanded_while_one_is_up() -> None:
    with pytest.raises(HarnessError, match="up on the compose runtime") as caught:
        select(NATIVE, running=COMPOSE, is_demanded=True)

    assert caught.value.hint == "stop it first: mwaa-harness down"
    assert select(COMPOSE, running=COMPOSE, is_demanded=True).runtime is COMPOSE
