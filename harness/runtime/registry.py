"""Which runtime backend runs a project's services, and why. Adding a backend is a line in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.config.model import RuntimeChoice
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.runtime.docker_engine import DockerAnswer

AVAILABLE: Mapping[RuntimeChoice, str] = {
    RuntimeChoice.NATIVE: "the services run as ordinary processes",
}


def select_runtime(choice: RuntimeChoice) -> RuntimeChoice:
    """The backend that `choice` stands for; never `AUTO`.

    Raises:
        UsageError: `choice` names a backend that this version does not have.
    """
    if choice is RuntimeChoice.AUTO:
        return RuntimeChoice.NATIVE
    if choice not in AVAILABLE:
        message = f"the {choice.value} runtime is not available in this version"
        names = " or ".join(name.value for name in AVAILABLE)
        raise UsageError(
            message, hint=f'use {names}: up --runtime {names}, or runtime = "{names}" in [local]'
        )
    return choice


def explain_runtime(choice: RuntimeChoice, docker: DockerAnswer) -> str:
    """One line for a person: which backend runs the services, and why that one."""
    runtime = select_runtime(choice)
    if choice is not RuntimeChoice.AUTO:
        return f"runtime: {runtime.value} (as configured)"
    if docker.reason:
        return f"runtime: {runtime.value} ({docker.reason})"
    return f"runtime: {runtime.value} (the compose runtime is not available in this version)"
