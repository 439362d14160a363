"""The supervisor's private folder: short enough for a socket, writable by its owner alone."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.runtime.supervisor_config import LAUNCHER_LINK, LOGS_LINK, PYTHON_LINK, SPECS_LINK

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 80
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")


def locate_short_folder(instance: str, environ: Mapping[str, str]) -> Path:
    """Where the private folder of environment `instance` is: the user's runtime folder, else a temporary one.

    The answer is the same for every command of a user, whatever TMPDIR says in this shell.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime and len(runtime) < _LONGEST - 40 and set(runtime) <= _PLAIN and _is_writable(runtime):
        return Path(runtime) / "mwaa-harness" / instance
    base = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 -- private below
    return base / f"mwaa-harness-{os.getuid()}" / instance


def prepare_short_folder(folder: Path, *, launcher: Path, specs: Path, logs: Path) -> None:
    """Create `folder` and the links in it.

    Raises:
        HarnessError: somebody else owns it, or it cannot be made.
    """
    try:
        for part in (folder.parent, folder):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
            _require_private(part)
        links = {
            PYTHON_LINK: Path(sys.executable),
            LAUNCHER_LINK: launcher,
            SPECS_LINK: specs,
            LOGS_LINK: logs,
        }
        for name, target in links.items():
            link = folder / name
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    except OSError as error:
        raise HarnessError(
            f"the supervisor's folder {folder} cannot be made: {error.strerror or error}",
            hint="make its parent folder writable, or set XDG_RUNTIME_DIR to a folder of your own",
        ) from error


def remove_short_folder(folder: Path) -> None:
    """Remove the folder; nothing in it is worth keeping."""
    shutil.rmtree(folder, ignore_errors=True)


def _require_private(folder: Path) -> None:
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077:
        return
    raise HarnessError(
        f"{folder} is not a private folder of yours",
        hint=f"look at it (ls -ld {folder}); when nothing of yours runs from it, remove it",
    )


def _is_writable(folder: str) -> bool:
    return Path(folder).is_dir() and os.access(folder, os.W_OK)
