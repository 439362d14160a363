from __future__ import annotations

from pathlib import Path

from harness.config.model import LocalSettings, Settings
from harness.runtime.compose.command import ComposeCommand, compose_environment, compose_file
from harness.runtime.compose.starting import replica_counts

COMMAND = ComposeCommand("mwaa-abc", Path("/x/docker-compose.yml"), Path("/my project"))


def test_every_command_names_the_environment_and_the_file() -> None:
    line = COMMAND.down()

    assert line[:2] == ("docker", "compose")
    assert line[line.index("--project-name") + 1] == "mwaa-abc"
    assert line[line.index("--file") + 1] == "/x/docker-compose.yml"
    assert line[line.index("--project-directory") + 1] == "/my project"
    assert "--volumes" not in line
    assert COMMAND.discard()[-1] == "--volumes"


def test_up_scales_and_builds_nothing() -> None:
    line = COMMAND.up({"worker": 4, "triggerer": 0})

    assert "--no-build" in line
    assert line[-4:] == ("--scale", "worker=4", "--scale", "triggerer=0")


def test_scales_follow_the_settings() -> None:
    local = LocalSettings(workers=3, schedulers=2, triggerer=False)

    assert replica_counts(Settings(local=local)) == {"scheduler": 2, "worker": 3, "triggerer": 0}


def test_the_shells_variables_point_compose_at_nothing_else() -> None:
    shell = {"PATH": "/bin", "COMPOSE_FILE": "other.yml", "MWAA_IMAGE": "other", "DOCKER_HOST": "tcp://x"}

    assert compose_environment(shell, {"MWAA_IMAGE": "own"}) == {
        "PATH": "/bin",
        "DOCKER_HOST": "tcp://x",
        "MWAA_IMAGE": "own",
    }


def test_the_compose_file_is_found() -> None:
    assert compose_file().is_file()
