"""Files that only their owner may read, written in one step: a reader sees the old or the new text."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, atomically and durably.

    Raises:
        HarnessError: the folder cannot be written to or the disk is full.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)  # noqa: PTH105 -- both are plain strings from tempfile
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108 -- as above
            raise
    except OSError as error:
        raise state_folder_error(path, error) from error


def make_folder(path: Path, mode: int = 0o755) -> None:
    """Create the folder `path` and its parents.

    Raises:
        HarnessError: it cannot be created.
    """
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise state_folder_error(path, error) from error


def discard_folder(path: Path) -> None:
    """Delete the folder `path` with all it holds; it need not exist.

    Raises:
        HarnessError: something in it cannot be deleted.
    """
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise state_folder_error(path, error) from error


def state_folder_error(path: Path, error: OSError) -> HarnessError:
    """What a failed write below the state folder means for the user."""
    reason = error.strerror or str(error)
    return HarnessError(
        f"{path} cannot be written: {reason}",
        hint="the harness keeps everything below .mwaa/ in the project folder; "
        "free some space there or make it writable, then try again",
    )
