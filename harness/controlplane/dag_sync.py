"""Bucket to components: the DAGs folder, followed continuously, deletions included."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.controlplane.aws import MissingError
from harness.controlplane.bucket_layout import UnsafeKeyError, relative_path
from harness.controlplane.component_folder import files_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from harness.controlplane.component_folder import ComponentFolder
    from harness.controlplane.ledger import Ledger
    from harness.controlplane.source_bucket import SourceBucket, StoredObject

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncReport:
    """Paths below the DAGs folder that one sync brought or took away."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]


class DagSync:
    """Keeps one local copy of the bucket's DAGs, and every component's DAGs folder equal to that copy.

    `copy_known` writes an object's content to a file if it can be had without a download: key, ETag, file.
    """

    def __init__(
        self,
        *,
        bucket: SourceBucket,
        prefix: str,
        mirror: Path,
        ledger: Ledger,
        folders: Sequence[ComponentFolder],
        executor: Executor,
        copy_known: Callable[[str, str, Path], bool],
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._mirror = mirror
        self._ledger = ledger
        self._folders = folders
        self._executor = executor
        self._copy_known = copy_known
        self._refused: set[tuple[str, str]] = set()

    def reconcile(self) -> None:
        """Make the ledger say what the local copy holds; a control plane that was killed may not have."""
        synced = self._ledger.synced
        self._mirror.mkdir(parents=True, exist_ok=True)
        held = set(files_below(self._mirror))
        for relative in set(synced) - held:
            del synced[relative]
        for relative in held - set(synced):
            synced[relative] = ""  # no object's ETag: it is compared with the bucket at the next sync

    def sync(self) -> SyncReport:
        """Compare the bucket's listing with what components have, and carry over the difference."""
        wanted = self._wanted(self._bucket.list(self._prefix))
        synced = self._ledger.synced
        removed = tuple(relative for relative in synced if relative not in wanted)
        self._drop(removed)
        changed = [stored for relative, stored in wanted.items() if synced.get(relative) != stored.etag]
        arrived = self._download(changed)
        for folder in self._folders:
            if folder.is_intact():
                folder.remove(removed)
                folder.place(arrived)
            else:
                folder.fill()
        return SyncReport(arrived, removed)

    def _wanted(self, listing: Mapping[str, StoredObject]) -> dict[str, StoredObject]:
        safe: dict[str, StoredObject] = {}
        for key, stored in listing.items():
            if key.endswith("/"):
                continue  # a folder mark, as the S3 console makes them
            try:
                safe[relative_path(key, self._prefix)] = stored
            except UnsafeKeyError as error:
                self._refuse(stored, str(error))
        folders = {"/".join(parts) for relative in safe for parts in _parents(relative)}
        for relative in [relative for relative in safe if relative in folders]:
            self._refuse(safe.pop(relative), "other objects need a folder of that name")
        return safe

    def _refuse(self, stored: StoredObject, reason: str) -> None:
        if (stored.key, stored.etag) not in self._refused:
            self._refused.add((stored.key, stored.etag))
            _log.warning("object %r is not synced: %s", stored.key, reason)

    def _drop(self, relatives: Iterable[str]) -> None:
        for relative in relatives:
            path = self._mirror / relative
            path.unlink(missing_ok=True)
            _remove_empty(path.parent, self._mirror)
            del self._ledger.synced[relative]

    def _download(self, objects: Iterable[StoredObject]) -> tuple[str, ...]:
        def fetch(stored: StoredObject) -> tuple[str, str] | None:
            relative, etag = stored.key.removeprefix(self._prefix), stored.etag
            staged = self._stage()
            if not self._copy_known(stored.key, etag, staged):
                try:
                    etag = self._bucket.download(stored.key, staged).etag
                except MissingError:
                    staged.unlink()
                    return None  # deleted a moment ago; the next listing says so
            target = self._mirror / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.chmod(0o644)
            staged.replace(target)
            return relative, etag

        arrived = [done for done in self._executor.map(fetch, objects) if done is not None]
        self._ledger.synced.update(arrived)
        return tuple(relative for relative, _ in arrived)

    def _stage(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self._mirror.parent, prefix=".download-")
        os.close(handle)
        return Path(name)


def _parents(relative: str) -> list[list[str]]:
    parts = relative.split("/")
    return [parts[:depth] for depth in range(1, len(parts))]


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
