"""What a Swarm is given is made of docker-compose.yml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness import process
from harness.runtime.compose.command import ComposeCommand, compose_environment, compose_file
from harness.runtime.compose.stack import stack_document

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    command = ComposeCommand("test", compose_file(), Path(harness.__file__).parent.parent)
    done = process.check(command.line("config", "--format", "json"), env=compose_environment(os.environ, {}))
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def make(config: dict[str, Any], **publish: int) -> dict[str, Any]:
    return stack_document(config, replicas={"worker": 3}, publish=publish, settings="abc")


def test_it_has_every_service_and_the_wished_for_workers(config: dict[str, Any]) -> None:
    document = make(config)

    assert set(document["services"]) == set(config["services"])
    assert {name: service["deploy"]["replicas"] for name, service in document["services"].items()} == {
        **dict.fromkeys(config["services"], 1),
        "worker": 3,
    }
    assert document["services"]["migrate"]["deploy"]["restart_policy"] == {"condition": "on-failure"}


def test_commands_variables_and_images_are_those_of_the_file(config: dict[str, Any]) -> None:
    for name, service in make(config)["services"].items():
        for key in ("image", "command", "environment"):
            assert service.get(key) == config["services"][name].get(key)


def test_nothing_is_reachable_from_outside_unless_it_is_asked_for(config: dict[str, Any]) -> None:
    assert not [name for name, service in make(config)["services"].items() if "ports" in service]
    published = make(config, webserver=8080)["services"]["webserver"]["ports"]
    assert published == [{"target": 8080, "published": 8080}]


def test_new_settings_are_a_new_config(config: dict[str, Any]) -> None:
    assert make(config)["configs"]["settings"]["name"] == "settings-abc"


def test_the_command_reads_what_compose_says(config: dict[str, Any]) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "harness.runtime.compose.stack",
            "--workers",
            "2",
            "--publish",
            "webserver=80",
        ],
        input=json.dumps(config),
        capture_output=True,
        text=True,
        check=True,
    )
    services = json.loads(done.stdout)["services"]

    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["webserver"]["ports"][0]["published"] == 80
