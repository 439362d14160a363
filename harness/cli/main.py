"""The entry point and the one error boundary.

Exit statuses: 0 success, 1 the project failed, 2 wrong usage, 3 unexpected, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.arguments import mwaa_harness
from harness.cli.console import Style, terminal_console
from harness.cli.error_text import error_lines, known_secrets, mask_secrets
from harness.cli.interruption import interruptible
from harness.cli.invocation import Invocation
from harness.errors import ExitStatus, HarnessError, UsageError
from harness.project.layout import STATE_FOLDER, StateFolder

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`, this process's own when None, and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    environ = dict(os.environ)
    invocation = Invocation(environ, terminal_console(environ), _working_folder(environ))
    with interruptible(invocation.console):
        try:
            return _run(arguments, invocation)
        except HarnessError as error:
            return _explain(error, invocation)
        except KeyboardInterrupt:
            invocation.console.error("interrupted")
            return ExitStatus.INTERRUPTED
        except BrokenPipeError:
            # The reader, such as `head`, has what it wanted. The interpreter must not flush into the pipe.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitStatus.SUCCESS
        except Exception as error:
            return _report(error, arguments, invocation)


def _run(arguments: Sequence[str], invocation: Invocation) -> int:
    try:
        # Not `mwaa_harness.main`: it would end the process by itself when the reader of stdout has left.
        with mwaa_harness.make_context("mwaa-harness", list(arguments), obj=invocation) as context:
            status = mwaa_harness.invoke(context)
    except click.exceptions.Exit as answered:
        return answered.exit_code
    except click.ClickException as error:
        raise _translate(error) from error
    return int(status or ExitStatus.SUCCESS)


def _translate(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mwaa-harness"
    return UsageError(error.format_message(), hint=getattr(error, "hint", None) or f"see {command} --help")


def _explain(error: HarnessError, invocation: Invocation) -> int:
    console = invocation.console
    secrets = known_secrets(_state(invocation))
    for line in error_lines(error, folder=invocation.working_folder):
        console.error(_paint_label(mask_secrets(line, secrets), invocation))
    return error.exit_status


def _paint_label(line: str, invocation: Invocation) -> str:
    for label, style in (("error:", Style.RED), ("hint:", Style.CYAN)):
        if line.startswith(label):
            return invocation.console.paint(label, style) + line[len(label) :]
    return line


def _report(error: Exception, arguments: Sequence[str], invocation: Invocation) -> int:
    from harness.cli.error_report import write_report  # noqa: PLC0415 - rarely needed

    state = _state(invocation)
    path = write_report(error, arguments, state)
    said = mask_secrets(f"{type(error).__name__}: {error}".splitlines()[0], known_secrets(state))
    console = invocation.console
    console.error(f"{console.paint('error:', Style.RED)} something unexpected happened: {said}")
    console.error(
        f"report: {path or 'could not be written, neither in the project nor in the temporary folder'}"
    )
    console.error(
        f"{console.paint('hint:', Style.CYAN)} this is a fault of mwaa-harness; please send the report"
    )
    return ExitStatus.UNEXPECTED


def _state(invocation: Invocation) -> StateFolder:
    try:
        root = invocation.root
    except HarnessError:
        root = invocation.working_folder
    return StateFolder(root / STATE_FOLDER)


def _working_folder(environ: dict[str, str]) -> Path:
    # A shell keeps the path that was typed, symbolic links included; the system knows the resolved one only.
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return Path("/")
    shown = Path(environ.get("PWD", here))
    return shown if shown.is_absolute() and shown.is_dir() and shown.samefile(here) else here
