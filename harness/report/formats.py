"""The table of report formats. Adding one is a module and a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.checks.base import Rule
from harness.report.annotations import render_github, render_gitlab
from harness.report.json_document import render_json
from harness.report.junit import render_junit
from harness.report.sarif import render_sarif
from harness.report.text import render_text
from harness.results import CheckResult

Reporter = Callable[[Sequence[CheckResult], Path, Mapping[str, Rule]], str]
"""Takes results, the folder that paths are shown relative to, and rules by id; returns the document."""

FORMATS: Mapping[str, Reporter] = {
    "text": render_text,
    "json": render_json,
    "junit": render_junit,
    "sarif": render_sarif,
    "github": render_github,
    "gitlab": render_gitlab,
}
