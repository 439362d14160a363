"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace the file `path`; a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def copy_whole(source: Path, target: Path, staging: Path) -> None:
    """Copy content and mode of `source` to `target` through the folder `staging` of the same file system.

    `target` gets the current time, so Airflow parses it again.
    """
    handle, name = tempfile.mkstemp(dir=staging)
    os.close(handle)
    staged = Path(name)
    try:
        shutil.copyfile(source, staged)
        staged.chmod(source.stat().st_mode & 0o777)
        staged.replace(target)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
