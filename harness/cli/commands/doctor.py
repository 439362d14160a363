"""`doctor`: what this machine has and lacks, with the fix for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ExitStatus
from harness.machine import Circumstances, Level, examine_machine

if TYPE_CHECKING:
    from harness.cli.answer_format import AnswerFormat
    from harness.cli.invocation import Invocation
    from harness.machine import Network


def doctor(invocation: Invocation, *, answer: AnswerFormat, network: Network) -> int:
    """Print one line per aspect of the machine. Exit status 1 when something needed is missing."""
    environment = invocation.open_environment()
    services = environment.backend.status()
    circumstances = Circumstances(
        environment.project,
        environment.settings.local,
        invocation.environ,
        network,
        frozenset(
            service.port for service in services if service.port is not None and service.pid is not None
        ),
    )
    aspects = list(examine_machine(circumstances))
    console = invocation.console
    if answer.is_json:
        console.json(
            [
                {"name": each.name, "level": each.level.value, "found": each.found, "fix": each.fix}
                for each in aspects
            ]
        )
    else:
        for each in aspects:
            console.data(f"{each.level.value:<8} {each.name:<20} {each.found}")
            if each.fix:
                console.data(f"{'':<8} {'':<20} -> {each.fix}")
    return ExitStatus.FAILED if any(each.level is Level.MISSING for each in aspects) else ExitStatus.SUCCESS
