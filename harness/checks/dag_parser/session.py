"""What is needed to ask the parser again, remembered between commands for as long as no input changed.

A session names its inputs by path, size, modification time and inode: the settings file, the requirements,
the seeds, the link to the current worker environment. When any differs, the long way is taken.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SESSION_FILE = os.path.join(".mwaa", "cache", "dag-parser", "session.json")
_PREFIXES = ("MWAA_HARNESS_", "LC_")
_NAMES = ("TZ", "LANG", "PATH", "HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")
Signature = list[Any]


@dataclass(frozen=True)
class Session:
    """How to ask about this project's DAG files.

    Attributes:
        key: of everything but the DAG files that a verdict depends on.
        socket: where the parser listens.
        command: starts a parser, without its mode.
        variables: its whole environment.
        options: go with every request.
        dags_folder: absolute.
        plugins_folder: absolute.
        seeded: names that the project's seeds provide, by kind.
        inputs: signatures of the files that this was made from.
        shell: digest of the variables that this was made from.
    """

    key: str
    socket: str
    command: list[str]
    variables: dict[str, str]
    options: dict[str, Any]
    dags_folder: str
    plugins_folder: str
    seeded: dict[str, list[str]]
    inputs: dict[str, Signature]
    shell: str


def signature(path: str) -> Signature:
    """What changes when the file does; for a link also where it leads."""
    try:
        found = os.stat(path)
    except OSError:
        return []
    target = os.readlink(path) if os.path.islink(path) else ""
    folder = sorted(os.listdir(path)) if os.path.isdir(path) else []
    return [found.st_size, found.st_mtime_ns, found.st_ino, target, folder]


def sign(paths: Iterable[str]) -> dict[str, Signature]:
    """The signatures of several files."""
    return {path: signature(path) for path in sorted(paths)}


def digest_shell(environ: Mapping[str, str]) -> str:
    """Of the variables that settings, the interpreter and the parser are made from."""
    kept = sorted(
        f"{name}={value}"
        for name, value in environ.items()
        if name in _NAMES or name.upper() in _NAMES or name.startswith(_PREFIXES)
    )
    return hashlib.sha256("\0".join(kept).encode(errors="surrogateescape")).hexdigest()


def recall_session(root: str, environ: Mapping[str, str]) -> Session | None:
    """The remembered session of the project in `root`, when it still holds."""
    try:
        with open(os.path.join(root, SESSION_FILE), encoding="utf-8") as stream:
            session = Session(**json.load(stream))
    except (OSError, ValueError, TypeError):
        return None
    if session.shell != digest_shell(environ) or session.inputs != sign(session.inputs):
        return None
    return session


def remember_session(root: str, session: Session) -> None:
    """Keep `session` for the next command.

    Raises:
        HarnessError: the state folder cannot be written to.
    """
    from pathlib import Path

    from harness.runtime.private_files import make_folder, write_private

    file = Path(root) / SESSION_FILE
    make_folder(file.parent)
    write_private(file, json.dumps(asdict(session)))


def absolute(paths: Sequence[str], folder: str) -> list[str]:
    """The paths as seen from `folder`, which the person is in."""
    return [os.path.normpath(os.path.join(folder, path)) for path in paths]
