"""The table of report formats. Adding one is a module and a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from harness.checks.base import Rule
from harness.results import CheckResult

Reporter = Callable[[Sequence[CheckResult], Path, Mapping[str, Rule]], str]
"""Takes results, the folder that paths are shown relative to, and rules by id; returns the document."""

FORMATS: Mapping[str, tuple[str, str]] = {
    "text": ("harness.report.text", "render_text"),
    "json": ("harness.report.json_document", "render_json"),
    "junit": ("harness.report.junit", "render_junit"),
    "sarif": ("harness.report.sarif", "render_sarif"),
    "github": ("harness.report.annotations", "render_github"),
    "gitlab": ("harness.report.annotations", "render_gitlab"),
}
"""Module and function of each; imported when used, because a commit hook waits for every import."""


def find_reporter(name: str) -> Reporter:
    """The reporter of the format called `name`, one of `FORMATS`."""
    module, function = FORMATS[name]
    reporter: Reporter = getattr(import_module(module), function)
    return reporter
