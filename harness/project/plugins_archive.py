"""plugins.zip: built so that the same plugins give the same bytes, unpacked so that nothing escapes."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.project.excluded_files import TreeFile, walk_files

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the zip format's own first day
_FILE_MODE = stat.S_IFREG | 0o755  # MWAA recommends 755 before zipping
_UNIX = 3
_CHUNK = 1 << 20

MAXIMUM_UNPACKED_BYTES = 2 << 30  # MWAA asks for archives below 1 GB
MAXIMUM_ENTRIES = 100_000


class PluginsArchiveError(HarnessError):
    """The archive is damaged or must not be unpacked."""


def build_plugins_archive(folder: Path) -> bytes | None:
    """The contents of `folder` as a zip archive, or None when there is nothing to pack.

    The archive holds the folder's contents, not the folder; entries are sorted, their timestamps fixed
    and their modes 755, so unchanged plugins make the same bytes.

    Raises:
        PluginsArchiveError: a file cannot be read.
    """
    files = sorted(
        (file for file in walk_files(folder) if isinstance(file, TreeFile)), key=lambda f: f.relative
    )
    if not files:
        return None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative, _TIMESTAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _FILE_MODE << 16
            try:
                archive.writestr(entry, file.path.read_bytes())
            except OSError as error:
                raise PluginsArchiveError(
                    f"{file.path} cannot be packed into plugins.zip: {error.strerror or error}",
                    hint="make the file readable, or move it out of the plugins folder",
                ) from error
    return buffer.getvalue()


def unpack_plugins_archive(archive: Path, target: Path) -> int:
    """Unpack `archive` into the empty folder `target`; the number of files written.

    Raises:
        PluginsArchiveError: not a zip archive, damaged, larger than `MAXIMUM_UNPACKED_BYTES` unpacked, or an
            entry leads outside `target`, is a link, or is encrypted. Then `target` may be partly filled.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            _refuse_unsafe(entries)
            for entry in entries:
                _write(opened, entry, target.joinpath(*PurePosixPath(entry.filename).parts))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError) as error:
        raise PluginsArchiveError(f"plugins.zip cannot be unpacked: {error}") from error
    return len(entries)


def _refuse_unsafe(entries: Sequence[zipfile.ZipInfo]) -> None:
    if len(entries) > MAXIMUM_ENTRIES:
        raise PluginsArchiveError(
            f"plugins.zip holds {len(entries)} files; at most {MAXIMUM_ENTRIES} are unpacked"
        )
    total = sum(entry.file_size for entry in entries)
    if total > MAXIMUM_UNPACKED_BYTES:
        raise PluginsArchiveError(
            f"plugins.zip would unpack to {total} bytes; at most {MAXIMUM_UNPACKED_BYTES} are unpacked"
        )
    for entry in entries:
        problem = _problem(entry)
        if problem:
            raise PluginsArchiveError(
                f"plugins.zip holds {entry.filename!r}, which {problem}; nothing was unpacked"
            )


def _problem(entry: zipfile.ZipInfo) -> str | None:
    name = entry.filename
    if name.startswith("/") or "\\" in name or ":" in name.split("/", 1)[0]:
        return "is not a relative path with forward slashes"
    if ".." in name.split("/"):
        return "leads outside the plugins folder"
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return "is not a regular file"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    return None


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, path.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            sink.write(chunk)
    path.chmod((stat.S_IMODE(entry.external_attr >> 16) & 0o777) | 0o644)
