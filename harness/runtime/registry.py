"""Which runtime backend runs a project's services, and why. Adding a backend is a line in the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config.model import RuntimeChoice
from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.runtime.docker_engine import DockerAnswer

AVAILABLE: Mapping[RuntimeChoice, str] = {
    RuntimeChoice.NATIVE: "the services run as ordinary processes",
    RuntimeChoice.COMPOSE: "the services run in containers, started by Docker Compose",
}


@dataclass(frozen=True)
class Selection:
    """The backend that was chosen, never `AUTO`, and why."""

    runtime: RuntimeChoice
    reason: str

    def __str__(self) -> str:
        return f"runtime: {self.runtime.value} ({self.reason})"


def select_runtime(
    choice: RuntimeChoice,
    *,
    running: RuntimeChoice | None,
    is_demanded: bool,
    ask: Callable[[], DockerAnswer],
) -> Selection:
    """The backend for a project's environment.

    Args:
        choice: what the settings say.
        running: the backend whose environment is up now, if one is.
        is_demanded: whether the choice was made for this command alone, by a flag.
        ask: asks Docker; called only when its answer decides.

    Raises:
        HarnessError: another backend is demanded than the one that is running.
    """
    if running is not None and running is not choice:
        if is_demanded and choice is not RuntimeChoice.AUTO:
            raise HarnessError(
                f"this project's environment is up on the {running.value} runtime",
                hint="stop it first: mwaa-harness down",
            )
        return Selection(running, "the environment is up on it")
    if choice is not RuntimeChoice.AUTO:
        return Selection(choice, "as configured")
    docker = ask()
    if docker.reason:
        return Selection(RuntimeChoice.NATIVE, docker.reason)
    return Selection(RuntimeChoice.COMPOSE, f"Docker {docker.engine} answers and has the images")
