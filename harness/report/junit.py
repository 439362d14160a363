"""JUnit XML: one test suite per check, one test case per file and one more per thing not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from harness.report.paths import show_path
from harness.results import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.results import CheckResult, Finding


def render_junit(results: Sequence[CheckResult], root: Path, _rules: Mapping[str, Rule]) -> str:
    """All results as a JUnit document; errors are failures, the rest is in system-out."""
    suites = ET.Element("testsuites", name="mwaa-harness check")
    for result in results:
        _add_suite(suites, result, root)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(suites: ET.Element, result: CheckResult, root: Path) -> None:
    suite = ET.SubElement(suites, "testsuite", name=f"check {result.check}", time=f"{result.seconds:.3f}")
    by_file: dict[str, list[Finding]] = {show_path(path, root): [] for path in result.subjects}
    for finding in result.findings:
        name = show_path(finding.location.path, root) if finding.location else result.check
        by_file.setdefault(name, []).append(finding)
    failures = sum(_add_case(suite, result.check, name, found) for name, found in by_file.items())
    for skipped in result.skipped:
        case = ET.SubElement(suite, "testcase", classname=result.check, name=_clean(skipped.what))
        ET.SubElement(case, "skipped", message=_clean(skipped.why))
    suite.set("tests", str(len(by_file) + len(result.skipped)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", str(len(result.skipped)))


def _add_case(suite: ET.Element, check: str, name: str, findings: Sequence[Finding]) -> int:
    """Add one test case and return how many of its elements are failures, 0 or 1."""
    case = ET.SubElement(suite, "testcase", classname=check, name=_clean(name))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    others = [finding for finding in findings if finding.severity is not Severity.ERROR]
    if errors:
        first = errors[0]
        failure = ET.SubElement(case, "failure", type=first.rule, message=_clean(first.message))
        failure.text = "\n".join(_describe(finding) for finding in errors)
    if others:
        ET.SubElement(case, "system-out").text = "\n".join(_describe(finding) for finding in others)
    return 1 if errors else 0


def _describe(finding: Finding) -> str:
    place = f"line {finding.location.line}: " if finding.location and finding.location.line else ""
    hint = f"\n  hint: {finding.hint}" if finding.hint else ""
    details = "".join(f"\n  {detail}" for detail in finding.details)
    return _clean(f"{place}{finding.severity.value}: {finding.message} [{finding.rule}]{details}{hint}")


def _clean(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
