"""Starts parsers: one that stays for the next commands, or one that answers once and ends (the cold path)."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.checks.dag_parser.client import read_answer
from harness.errors import HarnessError
from harness.process import capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.dag_parser.session import Session

_START_SECONDS = 60
_SHOWN_LINES = 15


def private_folder() -> Path:
    """A short folder that only this user can enter; socket addresses may hold 100 characters or so.

    Raises:
        HarnessError: somebody else owns the folder of that name.
    """
    folder = Path(tempfile.gettempdir()) / f"mwaa-harness-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise HarnessError(
            f"{folder} is not private to you", hint="remove it, or set TMPDIR to a folder of your own"
        )
    return folder


def start_parser(session: Session) -> None:
    """Start the parser of `session` and return when it listens. Another one may win the race.

    Raises:
        HarnessError: it ended instead.
    """
    log = Path(f"{session.socket}.log")
    command = [*session.command, "--socket", session.socket]
    done = capture(command, env=session.variables, cwd=Path("/"), timeout=_START_SECONDS)
    if done.exit_status != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        raise HarnessError("the DAG parser ended as it started", evidence=tuple(lines[-_SHOWN_LINES:]))


def ask_once(session: Session, files: Sequence[str], options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The facts of each file from a parser of its own.

    Raises:
        HarnessError: it failed.
    """
    request = json.dumps({"files": list(files), "options": dict(options)}) + "\n"
    done = capture([*session.command, "--once"], env=session.variables, cwd=Path("/"), stdin=request)
    if done.exit_status != 0:
        lines = tuple(done.stderr.splitlines()[-_SHOWN_LINES:])
        raise HarnessError(f"the DAG parser failed with exit status {done.exit_status}", evidence=lines)
    yield from read_answer(iter(done.stdout.encode().splitlines()))
