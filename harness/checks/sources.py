"""Lines of the user's files, to show beside findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.results import Finding


def with_source(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, each with the line it points at."""
    lines: dict[str, list[str]] = {}
    shown = []
    for finding in findings:
        location = finding.location
        if location is not None and location.line is not None and finding.source is None:
            path = str(location.path)
            if path not in lines:
                lines[path] = _read(path)
            if 0 < location.line <= len(lines[path]):
                text = lines[path][location.line - 1]
                indent = len(text) - len(text.lstrip())
                place = location if location.column else replace(location, column=indent + 1)
                length = 1 if location.column else max(1, len(text.strip()))
                shown.append(replace(finding, location=place, source=text, length=length))
                continue
        shown.append(finding)
    return shown


def _read(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 -- pathlib costs time
            return stream.read().splitlines()
    except OSError:
        return []
