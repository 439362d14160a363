"""What a source distribution says it needs, read from its files; its code is never run."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from email.parser import HeaderParser
from typing import TYPE_CHECKING

import tomli

from harness.checks.requirements.release_metadata import ReleaseMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

_WANTED = re.compile(
    r"^[^/]+/(PKG-INFO|pyproject\.toml|setup\.cfg|(?:[^/]+/)?[^/]+\.egg-info/requires\.txt)$"
)
_LARGEST_MEMBER = 1 << 20


def read_sdist(data: bytes, name: str) -> ReleaseMetadata | None:
    """Requirements, extras and build requirements of an sdist; None when it does not say.

    Raises:
        OSError, tarfile.TarError, zipfile.BadZipFile: it is not an archive.
    """
    files = _zip_members(data) if name.endswith(".zip") else _tar_members(data)
    build: tuple[str, ...] = ("setuptools",)
    if "pyproject.toml" in files:
        table = tomli.loads(files["pyproject.toml"]).get("build-system", {})
        build = tuple(str(item) for item in table.get("requires", build))
    message = HeaderParser().parsestr(files.get("PKG-INFO", ""))
    requires = tuple(str(value) for value in message.get_all("Requires-Dist") or ())
    if requires or _is_static(str(message.get("Metadata-Version", "0"))):
        extras = tuple(str(value) for value in message.get_all("Provides-Extra") or ())
        return ReleaseMetadata(requires, extras, build)
    if "requires.txt" in files:
        return ReleaseMetadata(*_read_requires_txt(files["requires.txt"]), build)
    return ReleaseMetadata((), (), build) if "PKG-INFO" in files else None


def _is_static(metadata_version: str) -> bool:
    return metadata_version >= "2.2"


def _tar_members(data: bytes) -> Mapping[str, str]:
    found: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if member.isfile() and member.size < _LARGEST_MEMBER and _WANTED.match(member.name):
                extracted = archive.extractfile(member)
                if extracted is not None:
                    found.setdefault(
                        member.name.rpartition("/")[2], extracted.read().decode("utf-8", "replace")
                    )
    return found


def _zip_members(data: bytes) -> Mapping[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        wanted = (info for info in archive.infolist() if _WANTED.match(info.filename))
        return {
            info.filename.rpartition("/")[2]: archive.read(info).decode("utf-8", "replace")
            for info in wanted
            if info.file_size < _LARGEST_MEMBER
        }


def _read_requires_txt(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Requirements of requires.txt: plain ones, then sections `[extra:marker]`."""
    requires: list[str] = []
    extras: list[str] = []
    tail = ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if not line.startswith("["):
            requires.append(f"{line}{tail}")
            continue
        extra, _, marker = line.strip("[]").partition(":")
        conditions = [f"({marker})"] if marker else []
        if extra:
            extras.append(extra)
            conditions.append(f'extra == "{extra}"')
        tail = f"; {' and '.join(conditions)}" if conditions else ""
    return tuple(requires), tuple(dict.fromkeys(extras))
