"""What Docker answers, from small programs called docker."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from harness.runtime.docker_engine import ask_docker, ask_docker_with_images

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = json.dumps({"Client": {"Version": "28.2.2"}, "Server": {"Version": "20.10.24"}})
NO_ENGINE = json.dumps({"Client": {"Version": "28.2.2"}, "Server": None})


def install(
    folder: Path, *, version: str, compose: str, images: int = 0, complaint: str = ""
) -> dict[str, str]:
    """A docker command that says so; the variables with which it is found."""
    program = folder / "docker"
    program.write_text(
        f"""#!/bin/sh
case "$1 $2" in
  "version --format") echo '{version}'; echo '{complaint}' >&2 ;;
  "compose version") echo '{compose}' ;;
  "image inspect") exit {images} ;;
esac
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


V2 = json.dumps({"version": "2.26.1-4"})


def test_engine_compose_and_images_are_there(tmp_path: Path) -> None:
    answer = ask_docker_with_images(install(tmp_path, version=ENGINE, compose=V2), ("a", "b"))

    assert (answer.engine, answer.compose, answer.reason) == ("20.10.24", "2.26.1-4", "")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"version": NO_ENGINE, "compose": V2}, "no Docker engine answers"),
        (
            {"version": NO_ENGINE, "compose": V2, "complaint": "permission denied while trying to connect"},
            "the Docker engine does not let this user in",
        ),
        ({"version": "garbage", "compose": V2}, "no Docker engine answers"),
        ({"version": ENGINE, "compose": ""}, "Docker has no Compose v2 plugin"),
        (
            {"version": ENGINE, "compose": json.dumps({"version": "1.29.2"})},
            "Docker Compose is 1.29.2; version 2 is needed",
        ),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, said: dict[str, str], reason: str) -> None:
    assert ask_docker(install(tmp_path, **said)).reason == reason  # type: ignore[arg-type]


def test_no_command_is_told_without_starting_anything(tmp_path: Path) -> None:
    assert ask_docker({"PATH": str(tmp_path)}).reason == "there is no docker command"


def test_missing_images_are_a_reason(tmp_path: Path) -> None:
    answer = ask_docker_with_images(install(tmp_path, version=ENGINE, compose=V2, images=1), ("a",))

    assert "make images" in answer.reason
