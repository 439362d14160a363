"""Where the Dockerfiles are, and putting together the folder that a build sees."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import HarnessError

PACKAGE = Path(__file__).resolve().parent.parent
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


def docker_folder() -> Path:
    """The folder of the Dockerfiles: beside the package in a source tree, inside it when installed.

    Raises:
        HarnessError: the distribution lacks it.
    """
    for folder in (PACKAGE.parent / "docker", PACKAGE / "docker"):
        if (folder / "Dockerfile").is_file():
            return folder
    raise HarnessError(f"{PACKAGE / 'docker'} is missing", hint="reinstall mwaa-harness")


def copy_package(target: Path) -> None:
    """Copy the package `harness` to `target`, as it is in an image."""
    shutil.copytree(PACKAGE, target, ignore=_IGNORED)


def package_files(folder: Path) -> tuple[Path, ...]:
    """The files below `folder` that an image gets."""
    return tuple(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )
