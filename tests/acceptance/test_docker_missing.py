"""`--runtime compose` on machines where it cannot work: each says why and what to do."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.environments import CommandProject

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, fenced_environ: Mapping[str, str]) -> CommandProject:
    made = CommandProject(tmp_path / "project", fenced_environ)
    made.write("mwaa.toml", '[local]\nruntime = "compose"\n')
    return made


def expect_error(done: subprocess.CompletedProcess[str], message: str, hint: str) -> None:
    assert done.returncode == 1, done.stderr
    assert message in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_engine(project: CommandProject) -> None:
    project.environ["DOCKER_HOST"] = f"unix://{project.root}/no.sock"

    expect_error(project.run("up"), "no Docker engine answers", "--runtime native")


def test_with_an_engine_that_dies_while_it_is_asked(project: CommandProject) -> None:
    """Something listens, and hangs up."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    project.environ["DOCKER_HOST"] = f"tcp://127.0.0.1:{port}"

    expect_error(project.run("up"), "no Docker engine answers", "--runtime native")


def test_status_and_logs_of_nothing_need_an_engine_and_say_so(project: CommandProject) -> None:
    project.environ["DOCKER_HOST"] = f"unix://{project.root}/no.sock"

    expect_error(project.run("status"), "no Docker engine answers", "start Docker")


def test_auto_does_without(project: CommandProject) -> None:
    project.write("mwaa.toml", '[local]\nruntime = "auto"\n')
    project.environ["DOCKER_HOST"] = f"unix://{project.root}/no.sock"

    assert "nothing is running" in project.succeed("status").stderr
