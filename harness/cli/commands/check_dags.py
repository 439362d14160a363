"""`check dags`: what is wrong with the DAG files, as the environment that would run them sees it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.checks.dag_parser.open_session import open_session
from harness.checks.dag_parser.session import absolute, remember_session
from harness.checks.dags.parsers import ask_cold, ask_warm
from harness.checks.dags.rules import RULES
from harness.checks.dags.verdicts import Question, check_dags
from harness.errors import ExitStatus, UsageError
from harness.events import StepProgressed
from harness.project.layout import locate_project
from harness.project.shard import WHOLE, Shard
from harness.results import Outcome
from harness.workerenv.store import ensure_worker_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.cli.invocation import Invocation
    from harness.events import EventSink
    from harness.results import CheckResult

_QUIET_SECONDS = 1.0


@dataclass(frozen=True)
class How:
    """How to check.

    Attributes:
        is_cold: with a parser that answers and ends, rather than the one that stays.
        shard: which part of the files.
        html: where to write the page for people who would rather look than read.
    """

    is_cold: bool = False
    shard: Shard = WHOLE
    html: Path | None = None


def run(invocation: Invocation, paths: Sequence[str], format_name: str, how: How) -> int:
    """Check and report.

    Raises:
        UsageError: a path does not exist, or the settings are wrong.
        HarnessError: the worker environment cannot be built.
    """
    from harness.cli.commands.check import report_results

    result = verdict(invocation, paths, how)
    if how.html is not None:
        from harness.report.dags_page import render_page

        how.html.write_text(render_page(result, invocation.root), encoding="utf-8")
        invocation.console.say(f"wrote {how.html}")
        return ExitStatus.FAILED if result.outcome is Outcome.FAILED else ExitStatus.SUCCESS
    return report_results([result], format_name, invocation.root, RULES)


def verdict(invocation: Invocation, paths: Sequence[str], how: How) -> CheckResult:
    """The result alone; raises as `run`."""
    root = invocation.root
    settings = invocation.load_settings().settings
    project = locate_project(root, settings.local)
    named = tuple(absolute(paths, str(invocation.working_folder)))
    _require(named or (str(project.dags_folder),))
    with invocation.console.progress() as events:
        worker = ensure_worker_environment(project, settings, invocation.environ, events)
        session = open_session(project, settings, invocation.environ, worker)
        remember_session(str(root), session)
        question = Question(str(root), named, how.shard, "yes" if how.html else "")
        progress = _show_progress(events, time.monotonic())
        return check_dags(session, question, ask_cold if how.is_cold else ask_warm, progress)


def _require(paths: Sequence[str]) -> None:
    for path in paths:
        if not Path(path).exists():
            raise UsageError(
                f"{path} does not exist", hint="name DAG files or folders, or none for the whole DAGs folder"
            )


def _show_progress(events: EventSink, started: float) -> Callable[[int, int], None]:
    def show(done: int, count: int) -> None:
        if time.monotonic() - started > _QUIET_SECONDS and (done % 20 == 0 or done == count):
            events(StepProgressed("DAG files", f"{done} of {count}"))

    return show


def watch(invocation: Invocation, paths: Sequence[str], format_name: str, how: How) -> int:
    """Check now and after every change below the project, until Ctrl-C."""
    from watchfiles import PythonFilter
    from watchfiles import watch as changes_below

    run(invocation, paths, format_name, how)
    ignored = (str(invocation.root / ".mwaa"),)
    for _changes in changes_below(invocation.root, watch_filter=PythonFilter(ignore_paths=ignored)):
        run(invocation, paths, format_name, how)
    return ExitStatus.INTERRUPTED
