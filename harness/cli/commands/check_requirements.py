"""`mwaa-harness check requirements`: the kept verdict when nothing changed, else the check."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.checks.requirements.verdict_cache import load_verdict, locate_verdict, store_verdict
from harness.cli.commands.check import report_results
from harness.events import ignore_events
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.checks.requirements.check import Request
    from harness.checks.requirements.verdict_cache import Place
    from harness.cli.console import Console
    from harness.cli.invocation import Invocation
    from harness.errors import ExitStatus
    from harness.events import Event, EventSink
    from harness.project.layout import Project
    from harness.results import CheckResult


@dataclass(frozen=True)
class How:
    """What the flags say."""

    wants_fix: bool = False
    is_offline: bool = False
    ignores_verdict: bool = False


def run(invocation: Invocation, file: str | None, format_name: str, how: How) -> ExitStatus:
    """Check `file`, the project's requirements file when None, and report."""
    with _late_progress(invocation.console) as events:
        result = verdict(invocation, file, how, events)
    return report_results((result,), format_name, invocation.root, _rules(format_name))


@contextmanager
def _late_progress(console: Console) -> Iterator[EventSink]:
    """Progress that is set up with the first event: most files need none, and setting it up takes time."""
    with ExitStack() as stack:
        sink: list[EventSink] = []

        def pass_on(event: Event) -> None:
            if not sink:
                sink.append(stack.enter_context(console.progress()))
            sink[0](event)

        yield pass_on


def verdict(
    invocation: Invocation, file: str | None, how: How, events: EventSink = ignore_events
) -> CheckResult:
    """The result alone, kept or fresh."""
    started = time.monotonic()
    name = str((invocation.working_folder / file).resolve()) if file else ""
    flags = ("offline",) if how.is_offline else ()
    place = locate_verdict(invocation.root, name, invocation.environ, *flags)
    result = None if how.wants_fix or how.ignores_verdict else load_verdict(place)
    if result is None:
        request = replace(make_request(invocation, file), events=events)
        if how.is_offline:
            request = replace(request, packager=None)
        result = _check(request, place, how, invocation.environ)
    return replace(result, seconds=time.monotonic() - started)


def _rules(format_name: str) -> Mapping[str, Rule]:
    if format_name != "sarif":
        return {}
    from harness.checks.requirements.rules import RULES

    return RULES


def _file(invocation: Invocation, file: str | None, project: Project) -> Path:
    return (invocation.working_folder / file).resolve() if file else project.requirements_file


def make_request(invocation: Invocation, file: str | None) -> Request:
    """What to check and with what, from the project's settings.

    Raises:
        CollectedError: some settings are wrong.
    """
    from harness.checks.requirements.check import Request
    from harness.workerenv.packager import find_packager

    loaded = invocation.load_settings()
    project = locate_project(invocation.root, loaded.settings.local)
    environment = loaded.settings.environment
    origin = loaded.origins.get("environment.webserver_access_mode")
    is_declared = origin is not None and origin.source.name != "DEFAULT"
    return Request(
        file=_file(invocation, file, project),
        root=invocation.root.resolve(),
        dags_folder=project.dags_folder,
        plugins_folder=project.plugins_folder,
        airflow_version=environment.airflow_version,
        cache=project.state.cache / "requirements" / "index",
        packager=find_packager(invocation.environ),
        is_private=is_declared and environment.webserver_access_mode == "PRIVATE_ONLY",
    )


def _check(request: Request, place: Place, how: How, environ: Mapping[str, str]) -> CheckResult:
    from harness.checks.requirements.check import check_requirements
    from harness.workerenv.pip_settings import configuration_files

    checked = check_requirements(request)
    if how.wants_fix and checked.verdict is not None and checked.verdict.edits:
        _apply(checked.verdict.edits)
        checked = check_requirements(request)
        fixed = "the file was edited as proposed and checked again"
        checked = replace(checked, result=replace(checked.result, facts=(fixed, *checked.result.facts)))
    if not checked.result.skipped:
        store_verdict(place, (*checked.read, *configuration_files(environ)), checked.result)
    return checked.result


def _apply(edits: tuple[object, ...]) -> None:
    from harness.checks.requirements.fixes import Edit, apply_edits
    from harness.checks.requirements.source import decode, encode

    by_file: dict[Path, list[Edit]] = {}
    for edit in edits:
        if isinstance(edit, Edit):
            by_file.setdefault(edit.path, []).append(edit)
    for path, found in by_file.items():
        data = path.read_bytes()
        text, _ = apply_edits(decode(data).text, found)
        path.write_bytes(encode(text, data))
