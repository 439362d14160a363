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
from harness.cli.error_text import error_lines
from harness.errors import ExitStatus, HarnessError, UsageError
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
_TURN_MILLISECONDS = 500


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
    return _report(invocation, verdict(invocation, paths, how), format_name, how)


def _report(invocation: Invocation, result: CheckResult, format_name: str, how: How) -> int:
    from harness.cli.commands.check import report_results

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
    """Check now and after every change below the project, until Ctrl-C.

    Raises:
        UsageError: a path does not exist, or the settings are wrong, before anything was checked.
    """
    from watchfiles import DefaultFilter
    from watchfiles import watch as changes_below

    shown = verdict(invocation, paths, how)
    _report(invocation, shown, format_name, how)
    invocation.console.say("watching; Ctrl-C ends it")
    ignored = [str(invocation.root / ".mwaa"), *([str(how.html)] if how.html is not None else [])]
    turns = changes_below(
        invocation.root,
        watch_filter=DefaultFilter(ignore_paths=ignored),
        yield_on_timeout=True,
        rust_timeout=_TURN_MILLISECONDS,
    )
    for turn, changes in enumerate(turns):
        if not changes and turn > 0:
            continue
        try:
            result = verdict(invocation, paths, how)
        except HarnessError as error:  # a file half saved; the next save may mend it
            for line in error_lines(error, folder=invocation.working_folder):
                invocation.console.error(line)
        else:
            if not changes and result.findings == shown.findings:
                continue  # nothing was saved between the first verdict and the first turn
            shown = result
            _report(invocation, result, format_name, how)
        invocation.console.say("watching; Ctrl-C ends it")
    return ExitStatus.INTERRUPTED
