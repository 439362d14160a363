"""The smaller checks, and all checks together."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.checks.configuration import check_configuration
from harness.checks.dag_parser.open_session import open_session
from harness.checks.plugins import check_plugins
from harness.checks.rule_book import RULE_BOOK
from harness.checks.sources import with_source
from harness.checks.startup_script import check_startup_script
from harness.checks.startup_script_run import COMPONENTS, run_on_components
from harness.cli.commands.check import report_results
from harness.project.layout import locate_project
from harness.results import CheckResult, Outcome
from harness.workerenv.store import ensure_worker_base, ensure_worker_environment

if TYPE_CHECKING:
    from pathlib import Path

    from harness.checks.dag_parser.session import Session
    from harness.cli.invocation import Invocation


def run_plugins(invocation: Invocation, archive: Path | None, format_name: str) -> int:
    """Check the plugins folder, or an archive."""
    return _report(invocation, format_name, plugins_result(invocation, archive))


def run_startup_script(invocation: Invocation, format_name: str) -> int:
    """Check the startup script."""
    return _report(invocation, format_name, startup_script_result(invocation))


def run_configuration(invocation: Invocation, format_name: str) -> int:
    """Check the configuration options."""
    return _report(invocation, format_name, configuration_result(invocation))


def run_all(invocation: Invocation, format_name: str) -> int:
    """Every check, one report. Requirements come first: the others need the environment that they make."""
    from harness.cli.commands import check_dags

    results = [
        requirements_result(invocation),
        check_dags.verdict(invocation, (), check_dags.How()),
        plugins_result(invocation, None),
        startup_script_result(invocation),
        configuration_result(invocation),
    ]
    return report_results(results, format_name, invocation.root, RULE_BOOK)


def requirements_result(invocation: Invocation) -> CheckResult:
    """The requirements check's result; a project may do without any."""
    from harness.cli.commands import check_requirements

    local = invocation.load_settings().settings.local
    if not locate_project(invocation.root, local).requirements_file.exists():
        return CheckResult("requirements", facts=("no requirements file",))
    return check_requirements.verdict(invocation, None, check_requirements.How())


def plugins_result(invocation: Invocation, archive: Path | None) -> CheckResult:
    """The plugins check's result."""
    return check_plugins(_session(invocation), archive)


def startup_script_result(invocation: Invocation) -> CheckResult:
    """The startup script check's result; what bash cannot parse, or is no text, is not run.

    As on MWAA it runs before the requirements are installed, so it finds the base packages alone.
    """
    settings = invocation.load_settings().settings
    project = locate_project(invocation.root, settings.local)
    read = check_startup_script(project.startup_script)
    if not read.subjects or read.skipped or read.outcome is Outcome.FAILED:
        return replace(read, findings=tuple(with_source(read.findings)))
    with invocation.console.progress() as events:
        base = ensure_worker_base(project, settings, invocation.environ, events)
    started = time.monotonic()
    found = run_on_components(project, settings, invocation.environ, base)
    seconds = read.seconds + time.monotonic() - started
    facts = (*read.facts, f"run as {', '.join(component.value for component in COMPONENTS)}")
    findings = tuple(with_source((*read.findings, *found)))
    return replace(read, findings=findings, facts=facts, seconds=seconds)


def configuration_result(invocation: Invocation) -> CheckResult:
    """The configuration check's result."""
    loaded = invocation.load_settings()
    project = locate_project(invocation.root, loaded.settings.local)
    with invocation.console.progress() as events:
        worker = ensure_worker_environment(project, loaded.settings, invocation.environ, events)
    defaults = sorted(
        (worker.path / "lib").glob("python3*/site-packages/airflow/config_templates/default_airflow.cfg")
    )
    options = loaded.settings.environment.airflow_configuration_options
    return check_configuration(options, project.settings_file, defaults[0] if defaults else worker.path)


def _session(invocation: Invocation) -> Session:
    loaded = invocation.load_settings()
    project = locate_project(invocation.root, loaded.settings.local)
    with invocation.console.progress() as events:
        worker = ensure_worker_environment(project, loaded.settings, invocation.environ, events)
    return open_session(project, loaded.settings, invocation.environ, worker)


def _report(invocation: Invocation, format_name: str, result: CheckResult) -> int:
    return report_results([result], format_name, invocation.root, RULE_BOOK)
