"""How much time and memory the parsing of one file may take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import Location
from harness.results import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.checks.dag_parser.client import Facts

_MIB = 1 << 20


def budget_findings(facts: Facts, budget: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings about one file. Exact figures differ from run to run and stay out of the messages."""
    measured = facts.get("measured", {})
    if (facts["error"] or {}).get("type") == "AirflowTaskTimeout":
        return  # that is a finding of its own
    for rule, amount, limits, place, text, hint in (
        (
            "slow-dag-file",
            measured.get("seconds", 0),
            (budget["seconds_warning"], budget["seconds_error"]),
            measured.get("slowest"),
            "parsing the file takes longer than {:g} seconds; most of the time this line runs",
            "every scheduler parses it about twice a minute; move slow work into tasks",
        ),
        (
            "heavy-dag-file",
            measured.get("memory", 0) / _MIB,
            (budget["memory_warning"] / _MIB, budget["memory_error"] / _MIB),
            measured.get("heaviest"),
            "parsing the file takes more than {:g} MiB of memory; this line takes the most",
            "every process that parses the file or runs one of its tasks takes as much; load data in tasks",
        ),
    ):
        warning, error = limits
        if amount > min(warning, error):
            at = Location(Path(place[0]), place[1]) if place else Location(Path(facts["file"]), 1)
            severity, limit = (Severity.ERROR, error) if amount > error else (Severity.WARNING, warning)
            yield Finding(rule, severity, text.format(limit), at, hint)
