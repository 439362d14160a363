"""Plugins, requirements and startup script: fixed to the object versions of the environment's start."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.controlplane.aws import MissingError
from harness.project.plugins_archive import PluginsArchiveError, unpack_plugins_archive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.controlplane.bucket_layout import BucketLayout
    from harness.controlplane.ledger import Ledger
    from harness.controlplane.source_bucket import ObjectVersion

_log = logging.getLogger(__name__)

PLUGINS, REQUIREMENTS, STARTUP = "plugins", "requirements", "startup"


class ArtefactBucket(Protocol):
    """What of the source bucket is needed."""

    def download(self, key: str, target: Path) -> ObjectVersion: ...
    def put(self, key: str, content: bytes | Path) -> ObjectVersion: ...


class PinnedArtefacts:
    """The artefacts that components of this environment run with, until it is updated (facts 0.9, 3.2).

    Below `folder` the files are kept twice: as downloaded (`objects/`), and as components see them.
    """

    def __init__(self, bucket: ArtefactBucket, layout: BucketLayout, ledger: Ledger, folder: Path) -> None:
        self._bucket = bucket
        self._ledger = ledger
        self._folder = folder
        self._files = {
            layout.plugins: "plugins.zip",
            layout.requirements: "requirements.txt",
            layout.startup_script: "startup.sh",
        }

    def mirror(self, name: str) -> Path:
        """What a component's folder `name` (plugins, requirements or startup) should hold."""
        return self._folder / name

    def pin(self, generation: str) -> None:
        """Take the latest versions, once for each `generation`; later uploads wait for the next one."""
        objects = self._folder / "objects"
        if self._ledger.generation == generation and objects.is_dir():
            return
        shutil.rmtree(objects, ignore_errors=True)
        objects.mkdir(parents=True)
        self._ledger.pinned.clear()
        for key, name in self._files.items():
            try:
                self._ledger.pinned[key] = self._bucket.download(key, objects / name)
            except MissingError:
                (objects / name).unlink(missing_ok=True)
        self._ledger.generation = generation
        self._unpack(objects)

    def restore(self) -> None:
        """Put the pinned content into a bucket that lost it; its versions get new ids."""
        for key in list(self._ledger.pinned):
            name = self._files.get(key)
            path = self._folder / "objects" / name if name else None
            if path is not None and path.is_file():
                self._ledger.pinned[key] = self._bucket.put(key, path)
            else:
                del self._ledger.pinned[key]

    def versions(self) -> Mapping[str, str]:
        """Version id of each pinned artefact, by key."""
        return {key: version.version_id for key, version in self._ledger.pinned.items()}

    def _unpack(self, objects: Path) -> None:
        for name in (PLUGINS, REQUIREMENTS, STARTUP):
            shutil.rmtree(self._folder / name, ignore_errors=True)
            (self._folder / name).mkdir()
        self._unpack_plugins(objects / "plugins.zip")
        for source, folder, mode in (
            ("requirements.txt", REQUIREMENTS, 0o644),
            ("startup.sh", STARTUP, 0o755),
        ):
            if (objects / source).is_file():
                target = self._folder / folder / source
                shutil.copyfile(objects / source, target)
                target.chmod(mode)

    def _unpack_plugins(self, archive: Path) -> None:
        if not archive.is_file():
            return
        staged = Path(tempfile.mkdtemp(dir=self._folder, prefix=".plugins-"))
        try:
            count = unpack_plugins_archive(archive, staged)
        except PluginsArchiveError as error:
            shutil.rmtree(staged)
            _log.error("%s; components start without plugins", error)
            return
        target = self.mirror(PLUGINS)
        target.rmdir()
        staged.chmod(0o755)
        staged.rename(target)
        _log.info("unpacked plugins.zip: %d files", count)
