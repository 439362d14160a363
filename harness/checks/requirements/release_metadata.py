"""What a release says about itself: core metadata, read and never executed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class ReleaseMetadata:
    """Requirements and extras; `build_requires` when it has to be built."""

    requires: tuple[str, ...]
    extras: tuple[str, ...]
    build_requires: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements that can be parsed; old releases hold some that nothing can."""
        return tuple(parse_requirements(self.requires))


def parse_requirements(texts: Iterable[str]) -> Iterator[Requirement]:
    """Those of `texts` that are requirements."""
    for text in texts:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def parse_metadata(text: str) -> ReleaseMetadata:
    """Core metadata (the METADATA file of a wheel) as requirements and extras."""
    message = HeaderParser().parsestr(text)
    requires = tuple(str(value) for value in message.get_all("Requires-Dist") or ())
    return ReleaseMetadata(requires, tuple(str(value) for value in message.get_all("Provides-Extra") or ()))


def read_wheel_metadata(data: bytes) -> ReleaseMetadata:
    """The METADATA inside a wheel."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return parse_metadata(archive.read(name).decode("utf-8", "replace"))
