"""The one door through which the harness starts processes: argument sequences, never a shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError, TerminationRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Child = subprocess.Popen[bytes]

_SHOWN_LINES = 30
_BY_SIGNAL = 128


@dataclass(frozen=True)
class Completed:
    """A process that ended: its argument vector, exit status and decoded output."""

    argv: tuple[str, ...]
    exit_status: int
    stdout: str
    stderr: str


class CommandError(HarnessError):
    """A command failed, timed out or could not be started; carries the `Completed` when there is one."""

    def __init__(self, message: str, completed: Completed | None = None, *, hint: str | None = None) -> None:
        tail: tuple[str, ...] = ()
        if completed is not None:
            tail = tuple((completed.stderr or completed.stdout).strip().splitlines()[-_SHOWN_LINES:])
        super().__init__(message, hint=hint, evidence=tail)
        self.completed = completed


def capture(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
) -> Completed:
    """Run `argv` to its end and return what it said, whatever its exit status.

    Args:
        argv: program and arguments.
        env: the whole environment; None inherits.
        cwd: working directory.
        stdin: text for standard input; None connects the null device.
        timeout: seconds until the process is killed.

    Raises:
        CommandError: the program cannot be started or ran longer than `timeout`.
    """
    arguments = tuple(str(part) for part in argv)
    try:
        done = subprocess.run(
            arguments,
            env=None if env is None else dict(env),
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{arguments[0]} did not finish within {timeout:g} seconds") from error
    except OSError as error:
        raise CommandError(f"{arguments[0]} could not be started: {error.strerror or error}") from error
    return Completed(arguments, done.returncode, done.stdout, done.stderr)


def check(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
) -> Completed:
    """As `capture`, but a non-zero exit status raises `CommandError` with the end of the output."""
    done = capture(argv, env=env, cwd=cwd, stdin=stdin, timeout=timeout)
    if done.exit_status != 0:
        raise CommandError(f"{' '.join(done.argv[:4])} … failed with exit status {done.exit_status}", done)
    return done


def attach(argv: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path | None = None) -> int:
    """Run `argv` on this terminal (same stdin, stdout, stderr) and return its exit status.

    Ctrl-C reaches the process as the terminal sends it; a request to this process alone to end is passed
    on as Ctrl-C, so that the other one cleans up as well. The process's own exit status is reported, as a
    shell does when a signal ended it.

    Raises:
        CommandError: the program cannot be started.
    """
    arguments = tuple(str(part) for part in argv)
    try:
        with subprocess.Popen(arguments, env=dict(env), cwd=cwd) as child:
            while child.returncode is None:
                try:
                    child.wait()
                except TerminationRequest:
                    child.send_signal(signal.SIGINT)
                except KeyboardInterrupt:
                    continue
            return child.returncode if child.returncode >= 0 else _BY_SIGNAL - child.returncode
    except OSError as error:
        raise CommandError(f"{arguments[0]} could not be started: {error.strerror or error}") from error


def spawn(
    argv: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path | None = None, output: Path
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, output appended to the file `output`; the caller owns it.

    Raises:
        CommandError: the program cannot be started.
    """
    arguments = tuple(str(part) for part in argv)
    try:
        with output.open("ab") as sink:
            return subprocess.Popen(
                arguments,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise CommandError(f"{arguments[0]} could not be started: {error.strerror or error}") from error


def end(child: Child, seconds: float) -> None:
    """Make sure that `child`, which leads a session of its own, is gone: Ctrl-C first, then no question."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
