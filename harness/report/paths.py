"""How reports name files: relative to the project where they are in it, with forward slashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def show_path(path: Path, root: Path) -> str:
    """`path` relative to `root` when it is below it, else as it is."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
