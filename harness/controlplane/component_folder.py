"""One folder of one component's home, kept equal to a folder that the control plane holds."""

from __future__ import annotations

import filecmp
import os
import shutil
from typing import TYPE_CHECKING

from harness.controlplane.atomic_files import copy_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_STAGING = ".sync"
_KEPT = "__pycache__"  # Python's own; stale entries are never imported without their source


class ComponentFolder:
    """`home/name`, which follows the folder `mirror`; unchanged files keep their modification time."""

    def __init__(self, home: Path, name: str, mirror: Path) -> None:
        self.path = home / name
        self._staging = home / _STAGING
        self._mirror = mirror
        self._identity: tuple[int, int] | None = None

    def is_intact(self) -> bool:
        """Whether this is still the folder that `fill` filled; a component's home may be made anew."""
        try:
            stat = self.path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (stat.st_dev, stat.st_ino) == self._identity

    def fill(self) -> None:
        """Make the folder equal to the mirror, whatever it held; only caches of Python may stay."""
        self._staging.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(parents=True, exist_ok=True)
        self._mirror.mkdir(parents=True, exist_ok=True)
        wanted = set(files_below(self._mirror))
        self.remove(relative for relative in set(files_below(self.path)) - wanted)
        self.place(relative for relative in wanted if not self._holds(relative))
        stat = self.path.stat(follow_symlinks=False)
        self._identity = (stat.st_dev, stat.st_ino)

    def place(self, relatives: Iterable[str]) -> None:
        """Copy these files from the mirror, each in one step."""
        for relative in sorted(relatives):
            target = self._writable(relative)
            copy_whole(self._mirror / relative, target, self._staging)

    def remove(self, relatives: Iterable[str]) -> None:
        """Delete these files, and folders that hold nothing else any more."""
        for relative in sorted(relatives):
            target = self.path / relative
            if self._is_behind_link(relative):
                continue
            target.unlink(missing_ok=True)
            self._prune(target.parent)

    def _holds(self, relative: str) -> bool:
        here, there = self.path / relative, self._mirror / relative
        if here.is_symlink() or not here.is_file() or self._is_behind_link(relative):
            return False
        return filecmp.cmp(here, there, shallow=False)

    def _is_behind_link(self, relative: str) -> bool:
        folders = relative.split("/")[:-1]
        return any(self.path.joinpath(*folders[:depth]).is_symlink() for depth in range(1, len(folders) + 1))

    def _writable(self, relative: str) -> Path:
        """The path of `relative` with real folders above it; what stands in the way is removed."""
        *folders, name = relative.split("/")
        folder = self.path
        for part in folders:
            folder /= part
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                folder.unlink()
            folder.mkdir(exist_ok=True)
        target = folder / name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        return target

    def _prune(self, folder: Path) -> None:
        while folder != self.path and self.path in folder.parents:
            try:
                names = set(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
            except FileNotFoundError:
                names = set()
            if names - {_KEPT}:
                return
            shutil.rmtree(folder, ignore_errors=True)
            folder = folder.parent


def files_below(folder: Path, prefix: str = "") -> Iterator[str]:
    """Paths of all files below `folder`, with forward slashes; links are not followed."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            if entry.name != _KEPT:
                yield from files_below(folder / entry.name, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name
