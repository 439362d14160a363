"""Which files of the working tree never reach the source bucket: caches, repositories, editors' own files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXCLUDED_FOLDERS = frozenset(
    {
        "__pycache__",
        ".git",
        ".hg",
        ".svn",
        ".idea",
        ".vscode",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    }
)
EXCLUDED_FILES = (
    "*.pyc",
    "*.pyo",
    ".DS_Store",
    "Thumbs.db",
    "*~",  # emacs, gedit, kate: back-ups
    ".*.sw?",  # vim: swap files
    "4913",  # vim: asks whether it may write here
    ".#*",  # emacs: locks
    "#*#",  # emacs: autosave
    "*___jb_tmp___",  # JetBrains: safe write
    "*___jb_old___",
    ".goutputstream-*",  # GNOME: safe write
    ".~lock.*",  # LibreOffice
)


@dataclass(frozen=True)
class TreeFile:
    """A file below a folder: its path there with forward slashes, where it is, and its stat signature."""

    relative: str
    path: Path
    size: int
    signature: tuple[int, int, int]


@dataclass(frozen=True)
class Skipped:
    """A file that is there but cannot be published, and why."""

    relative: str
    reason: str


def is_excluded(relative: str) -> bool:
    """Whether the file at `relative` (forward slashes) belongs to a tool and not to the project."""
    *folders, name = relative.split("/")
    return any(folder in EXCLUDED_FOLDERS for folder in folders) or is_excluded_name(name)


def is_excluded_name(name: str) -> bool:
    return name in EXCLUDED_FOLDERS or any(fnmatchcase(name, pattern) for pattern in EXCLUDED_FILES)


def walk_files(folder: Path) -> Iterator[TreeFile | Skipped]:
    """Every publishable file below `folder`, links followed as `aws s3 sync` does; none when it is absent."""
    yield from _walk(folder, "", (os.path.realpath(folder),))


def _walk(folder: Path, prefix: str, above: tuple[str, ...]) -> Iterator[TreeFile | Skipped]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield Skipped(prefix, error.strerror or str(error))
        return
    for entry in entries:
        if is_excluded_name(entry.name):
            continue
        relative = prefix + entry.name
        if not _is_utf8(entry.name):
            yield Skipped(ascii(relative), "its name is not UTF-8")
        elif entry.is_dir():
            real = os.path.realpath(entry.path)
            if real in above:
                yield Skipped(relative + "/", "the link leads back to a folder above it")
            else:
                yield from _walk(Path(entry.path), relative + "/", (*above, real))
        else:
            yield from _file(entry, relative)


def _file(entry: os.DirEntry[str], relative: str) -> Iterator[TreeFile | Skipped]:
    try:
        if not entry.is_file():
            yield Skipped(relative, "not a regular file" if entry.is_symlink() is False else "a broken link")
            return
        stat = entry.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        yield Skipped(relative, error.strerror or str(error))
        return
    yield TreeFile(relative, Path(entry.path), stat.st_size, (stat.st_size, stat.st_mtime_ns, stat.st_ino))


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
