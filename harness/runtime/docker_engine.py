"""Whether a Docker engine, Compose v2 and the images of an environment are there. Asks, changes nothing."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.process import CommandError, capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.process import Completed

_SECONDS = 5.0
_OLDEST_COMPOSE = 2


@dataclass(frozen=True)
class DockerAnswer:
    """What Docker said. A version is None when that part did not answer; `reason` then says why."""

    engine: str | None = None
    compose: str | None = None
    reason: str = ""


def ask_docker(environ: Mapping[str, str]) -> DockerAnswer:
    """Ask the docker command for the versions of the engine and of Compose."""
    if shutil.which("docker", path=environ.get("PATH")) is None:
        return DockerAnswer(reason="there is no docker command")
    try:
        done = _run(("docker", "version", "--format", "json"), environ)
    except CommandError:
        return DockerAnswer(reason="the docker command does not answer")
    server = (_document(done).get("Server") or {}).get("Version")
    if not server:
        denied = "permission denied" in done.stderr.lower()
        return DockerAnswer(reason=_DENIED if denied else "no Docker engine answers")
    try:
        compose = _document(_run(("docker", "compose", "version", "--format", "json"), environ))
    except CommandError:
        compose = {}
    version = str(compose.get("version") or "")
    if not version.lstrip("v").partition(".")[0].isdigit():
        return DockerAnswer(engine=server, reason="Docker has no Compose v2 plugin")
    if int(version.lstrip("v").partition(".")[0]) < _OLDEST_COMPOSE:
        return DockerAnswer(engine=server, reason=f"Docker Compose is {version}; version 2 is needed")
    return DockerAnswer(engine=server, compose=version)


_DENIED = "the Docker engine does not let this user in"


def ask_docker_with_images(environ: Mapping[str, str], references: Sequence[str]) -> DockerAnswer:
    """As `ask_docker`; images that are not there are a reason against it, too."""
    answer = ask_docker(environ)
    if answer.reason:
        return answer
    try:
        done = _run(("docker", "image", "inspect", "--format", "{{.Id}}", *references), environ)
    except CommandError:
        return replace(answer, reason="the docker command does not answer")
    if done.exit_status == 0:
        return answer
    return replace(answer, reason="Docker has not got its images yet; make images gets them")


def _run(command: Sequence[str], environ: Mapping[str, str]) -> Completed:
    return capture(command, env=environ, timeout=_SECONDS)


def _document(done: Completed) -> dict[str, Any]:
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
