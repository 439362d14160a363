"""Annotations that CI services show beside the changed lines: GitHub's commands, GitLab's code quality."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from harness.report.paths import show_path
from harness.results import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.results import CheckResult, Finding

_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_GITLAB = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_github(results: Sequence[CheckResult], root: Path, _rules: Mapping[str, Rule]) -> str:
    """One workflow command per finding (GitHub: "Workflow commands for GitHub Actions")."""
    return "".join(f"{line}\n" for result in results for line in _github_lines(result, root))


def _github_lines(result: CheckResult, root: Path) -> Iterator[str]:
    for finding in result.findings:
        properties = {"title": finding.rule}
        if finding.location is not None:
            properties["file"] = show_path(finding.location.path, root)
            if finding.location.line is not None:
                properties["line"] = str(finding.location.line)
            if finding.location.column is not None:
                properties["col"] = str(finding.location.column)
        joined = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
        yield f"::{_GITHUB[finding.severity]} {joined}::{_escape(_full_text(finding))}"
    for skipped in result.skipped:
        text = _escape(f"skipped: {skipped.what}: {skipped.why}")
        yield f"::notice title={_escape_property(result.check)}::{text}"


def render_gitlab(results: Sequence[CheckResult], root: Path, _rules: Mapping[str, Rule]) -> str:
    """A GitLab code quality report."""
    findings = [finding for result in results for finding in result.findings if finding.location]
    return json.dumps([_gitlab(finding, root) for finding in findings], indent=2) + "\n"


def _gitlab(finding: Finding, root: Path) -> dict[str, Any]:
    path = show_path(finding.location.path, root) if finding.location else ""
    line = (finding.location.line if finding.location else None) or 1
    identity = f"{finding.rule}\0{path}\0{finding.source or line}\0{finding.message}"
    return {
        "check_name": finding.rule,
        "description": _full_text(finding),
        "severity": _GITLAB[finding.severity],
        "fingerprint": hashlib.sha256(identity.encode()).hexdigest(),
        "location": {"path": path, "lines": {"begin": line}},
    }


def _full_text(finding: Finding) -> str:
    hint = (f"hint: {finding.hint}",) if finding.hint else ()
    return "\n".join((finding.message, *finding.details, *hint))


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
