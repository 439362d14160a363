"""Copying a finished environment without copying its bytes."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def clone_tree(source: Path, target: Path) -> None:
    """Copy the folder `source` to the new folder `target`, by hard links where the file system has them.

    Installers replace files instead of writing into them, so neither copy sees the other's changes.

    Raises:
        OSError: the disk refused.
    """
    try:
        shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)
    except shutil.Error as error:
        _, path, reason = error.args[0][0]  # one entry per file; the first says enough
        raise OSError(f"{path}: {reason}") from error


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
