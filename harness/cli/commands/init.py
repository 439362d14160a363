"""`init`: makes an existing repository ready, after showing what it would write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from harness.errors import ExitStatus, HarnessError, UsageError
from harness.project.ci_files import CiService
from harness.project.excluded_files import TreeFile, walk_files
from harness.project.init_plan import plan_init

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.cli.console import Console
    from harness.cli.invocation import Invocation
    from harness.project.init_plan import InitPlan, NewFile

_LARGEST = 20_000
_LEFT_OUT = (".mwaa/", ".venv/", "venv/", "node_modules/")


def init(
    invocation: Invocation, *, confirm: Callable[[str], bool], ci: CiService | None = None
) -> ExitStatus:
    """Show the plan, ask, write. Nothing that exists is changed.

    Args:
        invocation: the repository is its working folder, or the one that --project names.
        confirm: asks the person a question.
        ci: the service that is to run the checks; None takes the one that the repository uses.
    """
    root = invocation.named_project or invocation.working_folder
    plan = plan_init(list_files(root), root.resolve().name, ci)
    _show(plan, invocation.console)
    if not plan.new:
        invocation.console.say("nothing to write")
        return ExitStatus.SUCCESS
    if not confirm(f"Write {len(plan.new)} files below {root}?"):
        invocation.console.say("nothing was written")
        return ExitStatus.SUCCESS
    for file in plan.new:
        _write(root, file)
    invocation.console.say(f"wrote {len(plan.new)} files; next: mwaa-harness check")
    return ExitStatus.SUCCESS


def ask_person(question: str) -> bool:
    """Whether the person agrees.

    Raises:
        UsageError: nobody is there to answer.
    """
    try:
        return click.confirm(question)
    except click.Abort as error:
        if sys.stdin.isatty():
            raise KeyboardInterrupt from error
        raise UsageError(
            "nobody answered, and nothing was written", hint="--yes writes without asking"
        ) from error


def read_service(name: str | None) -> CiService | None:
    """The value of `--ci`.

    Raises:
        UsageError: nothing is known of such a service.
    """
    known = {service.value: service for service in CiService}
    if name is not None and name not in known:
        raise UsageError(f"--ci {name} is not known", hint=f"one of: {', '.join(known)}")
    return None if name is None else known[name]


def list_files(root: Path) -> list[str]:
    """The repository's files, relative, without environments and state."""
    found = []
    for file in walk_files(root):
        if isinstance(file, TreeFile) and not file.relative.startswith(_LEFT_OUT):
            found.append(file.relative)
            if len(found) >= _LARGEST:
                break
    return found


def _show(plan: InitPlan, console: Console) -> None:
    layout = plan.layout
    console.data(f"This looks like: {layout.origin}")
    for noun, value in (
        ("DAGs", layout.dags_folder),
        ("plugins", layout.plugins_folder),
        ("requirements", layout.requirements_file),
        ("startup script", layout.startup_script),
    ):
        console.data(f"  {noun}: {value or 'none found'}")
    for file in plan.new:
        console.data(f"\nwould write {file.path}: {file.why}")
        for line in file.text.splitlines():
            console.data(f"  | {line}".rstrip())
    for path in plan.kept:
        console.data(f"\nstays as it is: {path}")
    for advice in plan.advice:
        console.data(f"\nleft to you: {advice}".rstrip())


def _write(root: Path, file: NewFile) -> None:
    path = root / file.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(file.text)
    except FileExistsError:
        return
    except OSError as error:
        raise HarnessError(f"{path} cannot be written: {error.strerror or error}") from error
