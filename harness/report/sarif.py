"""SARIF 2.1.0, which code-scanning services read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.report.paths import show_path
from harness.results import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.errors import Location
    from harness.results import CheckResult, Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render_sarif(results: Sequence[CheckResult], root: Path, rules: Mapping[str, Rule]) -> str:
    """All results as one SARIF run; what was not checked is a notification."""
    used = sorted({finding.rule for result in results for finding in result.findings})
    skipped = [skip for result in results for skip in result.skipped]
    run = {
        "tool": {"driver": {"name": "mwaa-harness", "rules": [_rule(name, rules) for name in used]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"PROJECT": {"uri": root.as_uri() + "/"}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": f"skipped: {skip.what}: {skip.why}"}}
                    for skip in skipped
                ],
            }
        ],
        "results": [
            _result(finding, used.index(finding.rule), root)
            for result in results
            for finding in result.findings
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(name: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    rule = rules.get(name)
    if rule is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, index: int, root: Path) -> dict[str, Any]:
    text = "\n".join(
        [finding.message, *finding.details, *([f"hint: {finding.hint}"] if finding.hint else [])]
    )
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
    }
    if finding.location is not None:
        result["locations"] = [{"physicalLocation": _place(finding.location, root, finding.length)}]
    if finding.related:
        result["relatedLocations"] = [
            {"physicalLocation": _place(related.location, root, 1), "message": {"text": related.message}}
            for related in dict.fromkeys(finding.related)  # the schema wants each once
        ]
    return result


def _place(location: Location, root: Path, length: int) -> dict[str, Any]:
    artifact: dict[str, Any]
    if location.path.is_relative_to(root):
        artifact = {"uri": quote(show_path(location.path, root)), "uriBaseId": "PROJECT"}
    else:
        artifact = {"uri": location.path.absolute().as_uri()}
    place: dict[str, Any] = {"artifactLocation": artifact}
    if location.line is not None:
        place["region"] = {"startLine": location.line}
        if location.column is not None:
            place["region"] |= {"startColumn": location.column, "endColumn": location.column + length}
    return place
