"""What a release says about itself: core metadata, read and never executed."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO


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


@dataclass(frozen=True, kw_only=True)
class KnownRelease:
    """A release of which the harness carries what it needs.

    Attributes:
        requires: its requirements that hold without extras.
        optional: its requirements that hold with an extra, as its marker says.
        extras: the extras it offers.
    """

    version: str
    requires: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


def is_optional(requirement: Requirement) -> bool:
    """Whether it holds with an extra only."""
    return "extra" in str(requirement.marker)


def split_requirements(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that hold without extras, and those that hold with one.

    Raises:
        InvalidRequirement: one of them is no requirement.
    """
    told = tuple(texts)
    optional = tuple(text for text in told if is_optional(Requirement(text)))
    return tuple(text for text in told if text not in optional), optional


def parse_requirements(texts: Iterable[str]) -> Iterator[Requirement]:
    """Those of `texts` that are requirements."""
    return (requirement for text in texts if (requirement := _parse(text)) is not None)


@lru_cache(maxsize=8192)  # releases of one package need much the same, and are asked about again and again
def _parse(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def parse_metadata(text: str) -> ReleaseMetadata:
    """Core metadata (the METADATA file of a wheel) as requirements and extras."""
    message = HeaderParser().parsestr(text)
    requires = tuple(str(value) for value in message.get_all("Requires-Dist") or ())
    return ReleaseMetadata(requires, tuple(str(value) for value in message.get_all("Provides-Extra") or ()))


def read_wheel_metadata(wheel: IO[bytes]) -> ReleaseMetadata:
    """The METADATA inside a wheel; no more of the file is read than it takes.

    Raises:
        zipfile.BadZipFile: it is no wheel.
    """
    with zipfile.ZipFile(wheel) as archive:
        name = next((name for name in archive.namelist() if name.endswith(".dist-info/METADATA")), None)
        if name is None:
            raise zipfile.BadZipFile("it has no METADATA")
        return parse_metadata(archive.read(name).decode("utf-8", "replace"))
