"""The report a person reads: place, line, caret, why, hint, and a summary at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.paths import show_path
from harness.results import Finding, Outcome, Severity, count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.results import CheckResult

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def render_text(results: Sequence[CheckResult], root: Path, _rules: Mapping[str, Rule]) -> str:
    """All results as plain text; readable without colour."""
    lines: list[str] = []
    for result in results:
        for finding in result.findings:
            lines += [*_render_finding(finding, root), ""]
        lines += [f"skipped: {skipped.what}: {skipped.why}" for skipped in result.skipped]
        lines += _render_summary(result, root)
    return "\n".join(lines) + "\n"


def _render_finding(finding: Finding, root: Path) -> Iterator[str]:
    place = ""
    if finding.location is not None:
        place = f"{_show_location(finding, root)}: "
    yield f"{place}{finding.severity.value}: {_clean(finding.message)} [{finding.rule}]"
    if finding.source is not None and finding.location is not None and finding.location.line:
        yield from _render_source(finding)
    for detail in finding.details:
        yield f"    {_clean(detail)}"
    for related in finding.related:
        at = show_path(related.location.path, root)
        line = f":{related.location.line}" if related.location.line else ""
        yield f"    {at}{line}: {_clean(related.message)}"
    if finding.hint:
        yield f"    hint: {_clean(finding.hint)}"


def _show_location(finding: Finding, root: Path) -> str:
    location = finding.location
    if location is None:
        return ""
    numbers = (str(number) for number in (location.line, location.column) if number is not None)
    return ":".join([show_path(location.path, root), *numbers])


def _render_source(finding: Finding) -> Iterator[str]:
    location, source = finding.location, _clean(finding.source or "")
    if location is None:
        return
    gutter = f"{location.line} | "
    yield f"    {gutter}{source}"
    if location.column is not None:
        length = max(1, min(finding.length, len(source) - location.column + 1))
        yield f"    {' ' * (len(gutter) - 2)}| {' ' * (location.column - 1)}{'^' * length}"


def _clean(text: str) -> str:
    """`text` without control characters, which a hostile file could use to repaint the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text.expandtabs(1))


def _render_summary(result: CheckResult, root: Path) -> Iterator[str]:
    yield from (f"  {_clean(fact)}" for fact in result.facts)
    word = {
        Outcome.PASSED: "passed",
        Outcome.FAILED: "FAILED",
        Outcome.SKIPPED: "passed in part (see skipped)",
    }[result.outcome]
    numbers = ((severity, result.count(severity)) for severity in _ORDER)
    counts = (count_of(number, severity.value) for severity, number in numbers if number)
    names = ", ".join(show_path(path, root) for path in result.subjects[:1])
    more = f" and {len(result.subjects) - 1} more files" if len(result.subjects) > 1 else ""
    found = ", ".join(counts) or "nothing found"
    yield f"{result.check}: {word}: {names}{more}: {found} ({result.seconds:.2f} s)"
