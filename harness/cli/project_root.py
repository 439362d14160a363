"""Which folder is the project: the one named, else the nearest that looks like one, else this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.config.model import SETTINGS_FILE
from harness.errors import UsageError
from harness.project.layout import STATE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path


def find_project_root(named: Path | None, working_folder: Path) -> Path:
    """The project's folder, absolute.

    Args:
        named: what `--project` says.
        working_folder: where the command was started.

    Raises:
        UsageError: `named` is no folder.
    """
    if named is None:
        return _nearest_project(working_folder) or working_folder
    root = working_folder / named.expanduser()
    if root.is_dir():
        return root.resolve()
    if root.exists():
        message = f"--project names {named}, which is a file, not a folder"
        raise UsageError(message, hint=f"name the folder it is in: --project {named.parent}")
    message = f"--project names {named}, which does not exist"
    raise UsageError(message, hint="create the folder, or leave --project out to use the current one")


def _nearest_project(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file() or (folder / STATE_FOLDER).is_dir():
            return folder
    return None
