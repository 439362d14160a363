"""Whether a Docker engine and Compose v2 answer on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.process import CommandError, capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECONDS = 5.0


@dataclass(frozen=True)
class DockerAnswer:
    """What Docker said. A version is None when that part did not answer; `reason` then says why."""

    engine: str | None = None
    compose: str | None = None
    reason: str = ""


def ask_docker(environ: Mapping[str, str]) -> DockerAnswer:
    """Ask the docker command for the versions of the engine and of Compose."""
    try:
        engine = _ask(("docker", "version", "--format", "json"), environ)
    except CommandError:
        return DockerAnswer(reason="there is no docker command")
    server = (engine.get("Server") or {}).get("Version")
    if not server:
        return DockerAnswer(reason="no Docker engine answers")
    try:
        compose = _ask(("docker", "compose", "version", "--format", "json"), environ)
    except CommandError:
        compose = {}
    if not compose.get("version"):
        return DockerAnswer(engine=server, reason="Docker has no Compose v2 plugin")
    return DockerAnswer(engine=server, compose=compose["version"])


def _ask(command: Sequence[str], environ: Mapping[str, str]) -> dict[str, Any]:
    done = capture(command, env=environ, timeout=_SECONDS)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
