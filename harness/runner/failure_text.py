"""What a person reads when an item fails. Pure: results in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import CollectedError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.errors import HarnessError, Location
    from harness.runner.parse_report import ParsedFile, ParseError, PluginError
    from harness.runner.verdict import CaseResult


def describe_parse_errors(file: ParsedFile, root: Path) -> str:
    """Every error of a file: what, at which of the user's own lines, and how it came there."""
    return "\n\n".join(_describe_parse_error(error, file, root) for error in file.errors)


def describe_result(result: CaseResult) -> str:
    """Every problem of a run, and the end of the logs that explain them."""
    lines = [f"{result.case.label}: {problem}" for problem in result.problems]
    if result.run is not None:
        lines.append(f"run id: {result.run.key.run_id}")
    for label, log in result.logs.items():
        lines += ["", f"---- log of {label}, last {len(log)} lines " + "-" * 20]
        lines += log or ["(nothing was written)"]
    return "\n".join(lines)


def describe_error(error: HarnessError) -> str:
    """A failure with its hints and evidence."""
    if isinstance(error, CollectedError):
        return "\n".join(describe_error(each) for each in error.errors)
    lines = [str(error), *(f"  {line}" for line in error.evidence)]
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    return "\n".join(lines)


def describe_plugin_error(error: PluginError) -> str:
    return f"plugins: {error.source} cannot be loaded: {error.message}"


def shorten(location: Location, root: Path) -> str:
    """`location` relative to the project where it is inside."""
    try:
        path = location.path.relative_to(root)
    except ValueError:
        path = location.path
    return f"{path}:{location.line}" if location.line else str(path)


def _describe_parse_error(error: ParseError, file: ParsedFile, root: Path) -> str:
    message = f"{error.kind}: {error.message}" if error.kind else error.message
    if not error.frames:
        try:
            where: Path = file.path.relative_to(root)
        except ValueError:
            where = file.path
        return f"{where}: {message}"
    lines = [f"{shorten(error.frames[-1].location, root)}: {message}"]
    for frame in error.frames:
        lines.append(f"  {shorten(frame.location, root)} in {frame.function}")
        lines.append(f"    {frame.text}")
    return "\n".join(lines)
