"""The project's Airflow configuration options, held against what Airflow 2.5.1 and MWAA know."""

from __future__ import annotations

import configparser
import re
import time
from difflib import get_close_matches
from typing import TYPE_CHECKING

from harness.checks.base import Rule
from harness.config.reserved_options import BLOCKED_OPTIONS
from harness.errors import Location
from harness.results import CheckResult, Finding, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

_TABLE = (
    Rule(
        "option-blocked",
        _E,
        "MWAA keeps the option for itself.",
        "MWAA overwrites the value; the setting has no effect.",
        "remove it",
        '"core.executor" = "LocalExecutor"',
        '"core.default_task_retries" = "2"',
    ),
    Rule(
        "option-unknown",
        _W,
        "Airflow 2.5.1 has no such option in this section.",
        "Airflow ignores it without a word.",
        "write the option's name as in Airflow's configuration reference",
        '"core.default_task_retry" = "2"',
        '"core.default_task_retries" = "2"',
    ),
    Rule(
        "option-section-unknown",
        _N,
        "Airflow 2.5.1 has no such section.",
        "Right for options of your own; a spelling mistake otherwise.",
        "check the spelling",
        '"scheduller.parsing_processes" = "2"',
        '"scheduler.parsing_processes" = "2"',
    ),
    Rule(
        "option-type",
        _E,
        "The value is not of the option's type.",
        "Airflow fails when it reads the option, in the scheduler at the latest.",
        "give a value of that type",
        '"core.parallelism" = "many"',
        '"core.parallelism" = "32"',
    ),
    Rule(
        "option-renamed",
        _W,
        "The option has another name since an earlier release.",
        "Airflow 2.5.1 still takes it, with a warning.",
        "use the new name",
        '"core.dag_concurrency" = "8"',
        '"core.max_active_tasks_per_dag" = "8"',
    ),
    Rule(
        "option-ignored",
        _W,
        "The option has no effect on MWAA.",
        "MWAA runs its workers with worker_autoscale.",
        "set celery.worker_autoscale instead",
        '"celery.worker_concurrency" = "8"',
        '"celery.worker_autoscale" = "8,4"',
    ),
)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in _TABLE}
"""Every rule of this check, by id."""

RENAMED: Mapping[str, str] = {
    "core.dag_concurrency": "core.max_active_tasks_per_dag",
    "scheduler.max_threads": "scheduler.parsing_processes",
    "scheduler.processor_poll_interval": "scheduler.scheduler_idle_sleep_time",
    "core.sql_alchemy_pool_size": "database.sql_alchemy_pool_size",
    "core.sql_alchemy_max_overflow": "database.sql_alchemy_max_overflow",
    "core.sql_alchemy_pool_recycle": "database.sql_alchemy_pool_recycle",
    "celery.default_queue": "operators.default_queue",
    "api.auth_backend": "api.auth_backends",
    "core.logging_level": "logging.logging_level",
    "core.remote_logging": "logging.remote_logging",
    "core.log_format": "logging.log_format",
    "core.fab_logging_level": "logging.fab_logging_level",
    "core.logging_config_class": "logging.logging_config_class",
    "core.colored_console_log": "logging.colored_console_log",
    "scheduler.statsd_on": "metrics.statsd_on",
}
"""Airflow 2.5.1, `airflow/configuration.py`, deprecated_options; MWAA-era names that are still taken."""

_IGNORED = {
    "celery.worker_concurrency": "the workers are run with celery.worker_autoscale",
    "webserver.web_server_port": "MWAA puts its own endpoint before the web server",
}
FRACTIONS = frozenset(
    {
        "scheduler.job_heartbeat_sec",
        "scheduler.scheduler_idle_sleep_time",
        "scheduler.trigger_timeout_check_interval",
        "sensors.default_timeout",
    }
)
"""Options with a whole number as default that Airflow 2.5.1 reads with `conf.getfloat` everywhere."""
_INTERPOLATED = re.compile(r"[{%$]")


def check_configuration(
    options: Mapping[str, str], settings_file: Path, default_configuration: Path
) -> CheckResult:
    """The result.

    Args:
        options: section.key to value, as the project sets them.
        settings_file: where it does.
        default_configuration: default_airflow.cfg of the installed Airflow.
    """
    started = time.monotonic()
    try:
        known = read_default_options(default_configuration)
    except (OSError, configparser.Error) as error:
        skipped = (Skipped("names and types", f"{default_configuration} cannot be read: {error}"),)
        return CheckResult("configuration", (settings_file,), skipped=skipped)
    findings = tuple(
        finding
        for name, value in options.items()
        for finding in judge_option(name, value, known, _locate(name, settings_file))
    )
    facts = (f"{len(options)} configuration option{'' if len(options) == 1 else 's'}",)
    return CheckResult("configuration", (settings_file,), findings, (), facts, time.monotonic() - started)


def read_default_options(file: Path) -> dict[str, dict[str, str]]:
    """Airflow's own options by section; those commented out in the file count, without a default."""
    parser = configparser.RawConfigParser(strict=False)
    text = file.read_text(encoding="utf-8")
    parser.read_string(text)
    known = {section: dict(parser.items(section)) for section in parser.sections()}
    section = ""
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        commented = re.match(r"#\s*([a-z][a-z0-9_]*)\s*=(?!=)", line)
        if commented and section in known:
            known[section].setdefault(commented[1], "")
    return known


def judge_option(
    name: str, value: str, known: Mapping[str, Mapping[str, str]], at: Location
) -> Iterator[Finding]:
    """What is wrong with one option."""
    section, _, key = name.partition(".")
    if name in BLOCKED_OPTIONS:
        yield _finding("option-blocked", f"{name}: {BLOCKED_OPTIONS[name]}", at)
    elif name in RENAMED:
        yield _finding("option-renamed", f"{name} is called {RENAMED[name]} now", at)
    elif name in _IGNORED:
        yield _finding("option-ignored", f"{name} has no effect: {_IGNORED[name]}", at)
    elif section not in known:
        yield _finding(
            "option-section-unknown", f"there is no section {section!r}{_near(section, known)}", at
        )
    elif key not in known[section]:
        message = f"there is no option {key!r} in the section {section!r}{_near(key, known[section])}"
        yield _finding("option-unknown", message, at)
    else:
        default = known[section][key]
        problem = _type_problem(value, f"{default}.0" if name in FRACTIONS else default)
        if problem:
            yield _finding("option-type", f"{name} = {value!r} {problem}", at)


def _near(word: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _type_problem(value: str, default: str) -> str:
    text = default.strip()
    if text.lower() in {"true", "false"}:
        return "" if value.lower() in {"true", "false", "t", "f", "1", "0"} else "is neither True nor False"
    if re.fullmatch(r"-?\d+", text) and not _INTERPOLATED.search(value):
        return "" if _reads(int, value) else "is not a whole number"
    if re.fullmatch(r"-?\d+\.\d+", text):
        return "" if _reads(float, value) else "is not a number"
    return ""


def _reads(kind: Callable[[str], object], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True


def _locate(name: str, settings_file: Path) -> Location:
    try:
        lines = settings_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return Location(settings_file)
    for wanted in (name, name.partition(".")[2]):
        for number, line in enumerate(lines, 1):
            if re.match(rf"""\s*["']?{re.escape(wanted)}["']?\s*=""", line):
                return Location(settings_file, number)
    return Location(settings_file)


def _finding(rule: str, message: str, location: Location) -> Finding:
    known = RULES[rule]
    return Finding(rule, known.severity, message, location, known.fix)
