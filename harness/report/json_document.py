"""The report a program reads; docs/report-schema.json describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.report.paths import show_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.errors import Location
    from harness.results import CheckResult, Finding

SCHEMA_VERSION = 1


def render_json(results: Sequence[CheckResult], root: Path, _rules: Mapping[str, Rule]) -> str:
    """All results as one JSON document."""
    document = {"version": SCHEMA_VERSION, "results": [_result(result, root) for result in results]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _result(result: CheckResult, root: Path) -> dict[str, Any]:
    return {
        "check": result.check,
        "outcome": result.outcome.value,
        "seconds": round(result.seconds, 3),
        "subjects": [show_path(path, root) for path in result.subjects],
        "findings": [_finding(finding, root) for finding in result.findings],
        "skipped": [{"what": skipped.what, "why": skipped.why} for skipped in result.skipped],
        "facts": list(result.facts),
        "data": result.data,
    }


def _finding(finding: Finding, root: Path) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "location": None if finding.location is None else _location(finding.location, root),
        "hint": finding.hint,
        "details": list(finding.details),
        "source": finding.source,
        "length": finding.length,
        "related": [
            {"location": _location(related.location, root), "message": related.message}
            for related in finding.related
        ],
    }


def _location(location: Location, root: Path) -> dict[str, Any]:
    return {"path": show_path(location.path, root), "line": location.line, "column": location.column}
