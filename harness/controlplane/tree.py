"""The working tree as the objects it should be in the source bucket."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.controlplane.bucket_layout import is_publishable_key
from harness.project.excluded_files import Skipped, TreeFile, walk_files
from harness.project.plugins_archive import PluginsArchiveError, build_plugins_archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.controlplane.bucket_layout import BucketLayout
    from harness.project.layout import Project

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TreeObject:
    """An object the tree wants: its content's MD5, and the content or the file that holds it."""

    digest: str
    content: bytes | Path = field(repr=False)


@dataclass(frozen=True)
class TreeSnapshot:
    """Objects by key; `unreadable` keys are in the tree but their content is not known now."""

    objects: Mapping[str, TreeObject]
    unreadable: frozenset[str]


class WorkingTree:
    """Reads the project's files; a file is read again only when its size, time or inode changed."""

    def __init__(self, project: Project, layout: BucketLayout) -> None:
        self._project = project
        self._layout = layout
        self._digests: dict[Path, tuple[tuple[int, int, int], str]] = {}
        self._archive_of: tuple[object, ...] | None = None
        self._archive: TreeObject | None = None
        self._warned: set[str] = set()
        self._latest: Mapping[str, TreeObject] = {}

    def snapshot(self) -> TreeSnapshot:
        objects: dict[str, TreeObject] = {}
        unreadable: set[str] = set()
        for key, file in self._files():
            digest = self._digest(key, file)
            if digest is None:
                unreadable.add(key)
            else:
                objects[key] = TreeObject(digest, file.path)
        try:
            archive = self._plugins()
        except PluginsArchiveError as error:
            self._warn(f"{error}; plugins.zip is left as it is")
            unreadable.add(self._layout.plugins)
        else:
            if archive is not None:
                objects[self._layout.plugins] = archive
        self._latest = objects
        return TreeSnapshot(objects, frozenset(unreadable))

    def copy(self, key: str, digest: str, target: Path) -> bool:
        """Copy the tree's content for `key` to the file `target` if its MD5 is `digest`; whether it was.

        Content that is known to be the object's need not be downloaded.
        """
        known = self._latest.get(key)
        if known is None or known.digest != digest or isinstance(known.content, bytes):
            return False
        try:
            content = known.content.read_bytes()
        except OSError:
            return False
        if _md5(content) != digest:
            return False
        target.write_bytes(content)
        return True

    def _files(self) -> Iterator[tuple[str, TreeFile]]:
        for found in walk_files(self._project.dags_folder):
            key = self._layout.dags + found.relative
            if isinstance(found, Skipped):
                self._warn(f"{key} is not published: {found.reason}")
            elif is_publishable_key(key):
                yield key, found
            else:
                self._warn(f"{key} is not published: S3 keys are at most 1024 bytes long")
        for key, path in (
            (self._layout.requirements, self._project.requirements_file),
            (self._layout.startup_script, self._project.startup_script),
        ):
            if path.is_file():
                stat = path.stat()
                signature = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
                yield key, TreeFile(path.name, path, stat.st_size, signature)

    def _digest(self, key: str, file: TreeFile) -> str | None:
        known = self._digests.get(file.path)
        if known is not None and known[0] == file.signature:
            return known[1]
        try:
            digest = _md5_of_file(file.path)
        except OSError as error:
            self._warn(f"{key} is not published: {error.strerror or error}")
            return None
        self._digests[file.path] = (file.signature, digest)
        return digest

    def _plugins(self) -> TreeObject | None:
        files = [found for found in walk_files(self._project.plugins_folder) if isinstance(found, TreeFile)]
        state = tuple((file.relative, file.signature) for file in files)
        if state != self._archive_of:
            archive = build_plugins_archive(self._project.plugins_folder)
            self._archive = None if archive is None else TreeObject(_md5(archive), archive)
            self._archive_of = state
        return self._archive

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            _log.warning("%s", text)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _md5_of_file(path: Path) -> str:
    """MD5, because that is what S3 gives as the ETag of an object put in one piece."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
