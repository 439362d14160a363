"""Names for contents: the same inputs give the same short name, on every run and in every process."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_LENGTH = 20
_CHUNK = 1 << 20


def fingerprint(parts: Mapping[str, str]) -> str:
    """A short hexadecimal name for `parts`; neither order nor where one part ends can confuse it."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        for text in (name, parts[name]):
            encoded = text.encode()
            digest.update(f"{len(encoded)}:".encode())
            digest.update(encoded)
    return digest.hexdigest()[:_LENGTH]


def hash_file(path: Path) -> str:
    """SHA-256 of the content of `path`, or a fixed word when there is no such file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return "absent"
    return digest.hexdigest()


def hash_files(root: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the names (relative to `root`) and contents of `paths`, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(root).as_posix()}\0{hash_file(path)}\n".encode())
    return digest.hexdigest()
