"""What Compose says when it fails, as errors that say what to do. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_LINES = 25


@dataclass(frozen=True)
class Cause:
    """One way in which Compose fails: what it says, what that means, what to do."""

    pattern: re.Pattern[str]
    message: str
    hint: str


def _cause(pattern: str, message: str, hint: str) -> Cause:
    return Cause(re.compile(pattern, re.IGNORECASE), message, hint)


CAUSES: tuple[Cause, ...] = (
    _cause(
        r"permission denied.*docker.*sock|docker.*sock.*permission denied",
        "the Docker engine does not let this user in",
        "add yourself to the group docker (sudo usermod -aG docker $USER, then log in anew), or use sudo",
    ),
    _cause(
        r"cannot connect to the docker daemon|error during connect|connection refused.*docker|unexpected EOF",
        "no Docker engine answers",
        "start Docker, or do without it: mwaa-harness up --runtime native",
    ),
    _cause(
        r"(?:is not a docker command|unknown (?:shorthand )?flag|unknown command)",
        "Docker has no Compose v2 plugin",
        "install it (Debian: docker-compose 2, elsewhere docker-compose-plugin), or use --runtime native",
    ),
    _cause(
        r"no space left on device",
        "the disk of the Docker engine is full",
        "free space: docker system prune, docker builder prune; `docker system df` shows what takes it",
    ),
    _cause(
        r"(?:port is already allocated|address already in use|ports are not available)",
        "a port is taken",
        "set local.webserver_port, local.localstack_port or local.postgres_port to 0, which takes a free one",
    ),
    _cause(
        r"(?:no such image|pull access denied|manifest unknown|manifest for .* not found|failed to resolve"
        r"|i/o timeout|no such host|tls: |repository does not exist)",
        "an image is missing and cannot be pulled",
        "make images builds what no registry gives",
    ),
    _cause(
        r"could not find an available.*address pool",
        "Docker has no address range left for another network",
        "remove networks that nothing uses: docker network prune",
    ),
)

_UNHEALTHY = re.compile(r"(?:dependency failed to start: )?container (\S+) (?:is unhealthy|exited \((\d+)\))")
_INCOMPLETE = re.compile(r'service "(\w+)" didn\'t complete successfully: exit (\d+)')


def translate(said: str, *, action: str = "Docker Compose failed") -> HarnessError:
    """The error for what Compose wrote to standard error."""
    lines = tuple(line for line in said.strip().splitlines() if line.strip())[-SHOWN_LINES:]
    for cause in CAUSES:
        found = next((line for line in lines if cause.pattern.search(line)), None)
        if found is not None:
            return HarnessError(f"{cause.message}: {_shortened(found)}", hint=cause.hint, evidence=lines)
    last = _shortened(lines[-1]) if lines else "it said nothing"
    return HarnessError(f"{action}: {last}", hint="its own words are above", evidence=lines)


def find_failed_service(said: str) -> str | None:
    """The service that Compose blames, e.g. migrate; a container's name is reduced to its service's."""
    found = _INCOMPLETE.search(said)
    if found:
        return found.group(1)
    found = _UNHEALTHY.search(said)
    return found.group(1).rsplit("-", 2)[-2] if found and found.group(1).count("-") >= 2 else None  # noqa: PLR2004 - project-service-1


def ended(name: str, how: str, log: Sequence[str]) -> HarnessError:
    """A service ended while the environment was starting."""
    return HarnessError(
        f"{name} ended while the environment was starting: {how}",
        hint=f"the end of its log is above; all of it: mwaa-harness logs {name}",
        evidence=tuple(log)[-SHOWN_LINES:],
    )


def late(name: str, seconds: float, reason: str, log: Sequence[str]) -> HarnessError:
    """A service did not become ready in time."""
    return HarnessError(
        f"{name} was not ready within {seconds:g} seconds: {reason}",
        hint=f"the end of its log is above; all of it: mwaa-harness logs {name}",
        evidence=tuple(log)[-SHOWN_LINES:],
    )


def _shortened(line: str, limit: int = 300) -> str:
    return line if len(line) <= limit else line[: limit - 1] + "…"
