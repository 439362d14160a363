"""Making an image of a folder: one layer, everything in it root's."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.images.engine import disk_full, translated

if TYPE_CHECKING:
    from pathlib import Path

    from docker import DockerClient


def import_root(client: DockerClient, root: Path, reference: str) -> None:
    """Tag an image that holds the files in `root`.

    Raises:
        HarnessError: the engine refused.
    """
    archive = root.with_suffix(".tar")
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(root, arcname=".", filter=_as_root)
    repository, _, tag = reference.rpartition(":")
    with translated():
        answer = client.api.import_image_from_file(str(archive), repository=repository, tag=tag)
    archive.unlink()
    _raise_refusal(answer, reference)


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _raise_refusal(answer: str, reference: str) -> None:
    # One JSON document per line; an error comes after the status has said 200.
    for line in answer.splitlines():
        said = json.loads(line).get("error") if line.strip() else None
        if said and "no space left" in said.lower():
            raise disk_full()
        if said:
            raise HarnessError(f"the engine cannot import {reference}: {said}", hint="see the engine's log")
