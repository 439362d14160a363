"""Tests that need a Docker engine: skipped where there is none, but never in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runtime.docker_engine import ask_docker
from tests.giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Mapping


def require_docker(environ: Mapping[str, str]) -> None:
    """Skip the test on a machine without Docker; in CI, where the variable CI is set, fail it."""
    reason = ask_docker(environ).reason
    if not reason:
        return
    give_up(reason, in_ci="CI runs the tests with Docker: sudo docker/engine")
