"""What parses well and fails when a task runs: modules, templates and template files that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import Location
from harness.results import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.checks.dag_parser.client import Facts

_TEMPLATE_PROBLEMS = {
    "field": (
        "invalid-template-field",
        Severity.ERROR,
        "{name!r} is one of its template fields, and it has no attribute of that name",
        "set the attribute in the operator's constructor, or correct template_fields",
    ),
    "syntax": (
        "invalid-template",
        Severity.ERROR,
        "its {field} is no template that Jinja understands: {name}",
        "repair the template; {% raw %} keeps braces that are no template",
    ),
    "macro": (
        "unknown-template-name",
        Severity.ERROR,
        "its {field} uses macros.{name}, which neither Airflow 2.5.1 nor a plugin provides",
        "add it to a plugin's macros, or give the DAG user_defined_macros",
    ),
    "filter": (
        "unknown-template-name",
        Severity.ERROR,
        "its {field} uses the filter {name}, which does not exist",
        "give the DAG user_defined_filters, or use a filter of Jinja's",
    ),
    "name": (
        "unknown-template-name",
        Severity.WARNING,
        "its {field} uses {name}, which a task's context does not have",
        "give the DAG user_defined_macros, or use params or var.value",
    ),
}


def run_time_findings(facts: Facts) -> Iterator[Finding]:
    """Findings about one file."""
    yield from _template_files(facts)
    yield from _late_imports(facts)
    for dag in facts["dags"]:
        yield from _templates(dag)
        yield from _virtualenvs(dag)


def _templates(dag: Mapping[str, Any]) -> Iterator[Finding]:
    for problem in dag.get("template_problems", ()):
        rule, severity, text, hint = _TEMPLATE_PROBLEMS[problem["kind"]]
        message = text.format(**problem)
        yield Finding(
            rule, severity, f"the task {problem['task_id']} fails when it runs: {message}", _at(problem), hint
        )


def _virtualenvs(dag: Mapping[str, Any]) -> Iterator[Finding]:
    for missing in dag.get("virtualenv_modules", ()):
        why = "it has no requirements" if missing["certain"] else "none of its requirements is called so"
        yield Finding(
            "virtualenv-lacks-module",
            Severity.ERROR if missing["certain"] else Severity.WARNING,
            f"{missing['function']} imports {missing['module']}, which the virtual environment of the task "
            f"{missing['task_id']} lacks: {why}",
            _at(missing),
            "add the package to requirements=[…] of the task",
        )


def _template_files(facts: Facts) -> Iterator[Finding]:
    for missing in facts.get("templates", ()):
        yield Finding(
            "template-file-missing",
            Severity.ERROR,
            f"the task {missing['task_id']} takes its {missing['field']} from a file that is not there: "
            f"{missing['message']}",
            _at(missing),
            "the path is relative to the DAG file or template_searchpath; "
            "to run a script by its path, end the text with a space",
        )


def _late_imports(facts: Facts) -> Iterator[Finding]:
    for missing in facts.get("late_imports", ()):
        yield Finding(
            "missing-module-at-run-time",
            Severity.ERROR,
            f"{missing['function']} imports {missing['module']}, which the worker environment lacks: "
            "the file parses, and the task fails when it runs",
            _at(missing),
            "add the package to requirements.txt",
        )


def _at(place: Mapping[str, Any]) -> Location:
    return Location(Path(place["file"]), place["line"])
