"""`mwaa-harness requirements …`: write a lock, or a package that installs without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.command_group import EXIT_STATUSES
from harness.errors import ExitStatus, HarnessError

if TYPE_CHECKING:
    from harness.checks.requirements.check import Request
    from harness.checks.requirements.resolution import Resolver
    from harness.checks.requirements.whole import Verdict
    from harness.cli.invocation import Invocation


@click.group(name="requirements", epilog=EXIT_STATUSES)
def requirements() -> None:
    """Lock requirements.txt, or package it for an environment without internet."""


@requirements.command(name="lock", epilog=EXIT_STATUSES)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path), help="Where to; beside FILE as *.lock.txt by default."
)
@click.pass_obj
def lock_command(invocation: Invocation, file: Path | None, output: Path | None) -> int:
    """Write every package that FILE leads to, pinned and with hashes, for MWAA's platform.

    \b
    Example:
      mwaa-harness requirements lock
    """
    from harness.checks.requirements.lock import render_lock
    from harness.checks.requirements.resolution import resolve_everything

    request, verdict = _resolve(invocation, file, resolve_everything)
    if verdict.resolved is None:
        raise _does_not_resolve()
    target = invocation.working_folder / output if output else request.file.with_suffix(".lock.txt")
    target.write_text(render_lock(verdict.resolved.packages, request.target), encoding="utf-8")
    invocation.console.say(f"{len(verdict.resolved.packages)} packages in {target}")
    return ExitStatus.SUCCESS


@requirements.command(name="package", epilog=EXIT_STATUSES)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder for the two files; build/mwaa by default."
)
@click.pass_obj
def package_command(invocation: Invocation, file: Path | None, output: Path | None) -> int:
    """Download MWAA's wheels into plugins.zip, write the offline requirements.txt, prove that it installs.

    \b
    Example:
      mwaa-harness requirements package
    """
    from harness.checks.requirements.package import package, prove
    from harness.checks.requirements.resolution import resolve_around_base
    from harness.project.layout import locate_project

    request, verdict = _resolve(invocation, file, resolve_around_base)
    if verdict.resolved is None or request.packager is None:
        raise _does_not_resolve()
    settings = invocation.load_settings().settings
    folder = invocation.working_folder / output if output else invocation.root / "build" / "mwaa"
    project = locate_project(invocation.root, settings.local)
    with invocation.console.progress() as events:
        made = package(request, verdict, request.packager, folder, events)
        how = prove(made, project, settings, invocation.environ, events)
    invocation.console.say(f"{made.plugins}: {len(made.wheels)} wheels")
    invocation.console.say(f"{made.requirements}: installs offline, proven with pip {how}")
    return ExitStatus.SUCCESS


def _resolve(invocation: Invocation, file: Path | None, resolver: Resolver) -> tuple[Request, Verdict]:
    from harness.checks.requirements.check import check_requirements
    from harness.cli.commands.check_requirements import make_request

    request = replace(make_request(invocation, str(file) if file else None), resolver=resolver)
    verdict = check_requirements(request).verdict
    if verdict is None:
        raise _does_not_resolve()
    if verdict.why:
        raise HarnessError(f"the requirements could not be resolved: {verdict.why}")
    return request, verdict


def _does_not_resolve() -> HarnessError:
    return HarnessError("the requirements do not resolve", hint="mwaa-harness check requirements says why")
