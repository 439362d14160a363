"""An index's answer about one project, JSON (PEP 691) or HTML (PEP 503), as releases."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.checks.requirements.target import Target


# A project lists thousands of files in a few dozen versions: the name is split, its tags are not parsed.
_WHEEL = re.compile(r"[^-]+-(?P<version>[^-]+)(-[0-9][^-]*)?-[^-]+-[^-]+-[^-]+\.whl")


@dataclass(frozen=True)
class IndexFile:
    """One file of a release. `has_metadata` is None when the index does not say; sizes and times may lack."""

    name: str
    url: str
    has_metadata: bool | None = None
    upload_time: str = ""
    size: int = 0
    requires_python: str = ""
    yanked: str | None = None


@dataclass
class Release:
    """One version of a project, as the index lists it."""

    version: Version
    wheels: list[IndexFile] = field(default_factory=list)
    sdist: IndexFile | None = None

    @property
    def files(self) -> tuple[IndexFile, ...]:
        """Everything that the release offers."""
        return (*self.wheels, *((self.sdist,) if self.sdist else ()))

    @property
    def requires_python(self) -> str:
        """What its files say; the same for all, as a rule."""
        return next((file.requires_python for file in self.files if file.requires_python), "")

    @property
    def yanked(self) -> str | None:
        """Why it was withdrawn; None when it was not."""
        reasons = [file.yanked for file in self.files]
        return reasons[0] if reasons and all(reason is not None for reason in reasons) else None

    def supports(self, target: Target) -> bool:
        """Whether its requires-python admits the target."""
        return _admits(self.requires_python, target.python_version)

    def wheel_for(self, target: Target) -> IndexFile | None:
        """A wheel of it that installs on the target."""
        return next((wheel for wheel in self.wheels if target.runs(wheel.name)), None)


def parse_json(document: Mapping[str, Any], url: str) -> Mapping[Version, Release]:
    """The releases in a PEP 691 document that came from `url`.

    Raises:
        KeyError, TypeError, ValueError: it is no such document.
    """
    return group_files(_json_file(file, url) for file in document["files"])


def _json_file(file: Mapping[str, Any], url: str) -> IndexFile:
    known = file.get("core-metadata", file.get("data-dist-info-metadata"))
    yanked = file.get("yanked")
    return IndexFile(
        name=str(file["filename"]),
        url=urljoin(url, str(file["url"])),
        has_metadata=None if known is None else bool(known),
        upload_time=str(file.get("upload-time") or ""),
        size=int(file.get("size") or 0),
        requires_python=str(file.get("requires-python") or ""),
        yanked=(yanked if isinstance(yanked, str) else "") if yanked else None,
    )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append({name: value or "" for name, value in attrs})


def parse_html(text: str, url: str) -> Mapping[Version, Release]:
    """The releases that a PEP 503 page from `url` links to."""
    parser = _Links()
    parser.feed(text)
    return group_files(_html_file(link, url) for link in parser.links if "href" in link)


def _html_file(link: Mapping[str, str], url: str) -> IndexFile:
    address = urljoin(url, link["href"]).partition("#")[0]
    known = link.get("data-core-metadata", link.get("data-dist-info-metadata"))
    return IndexFile(
        name=address.rpartition("/")[2],
        url=address,
        has_metadata=None if known is None else True,
        requires_python=link.get("data-requires-python", ""),
        yanked=link.get("data-yanked"),
    )


def group_files(files: Iterable[IndexFile]) -> Mapping[Version, Release]:
    """Files by release, newest release first; names that are no distribution are left out."""
    releases: dict[Version, Release] = {}
    for file in files:
        is_wheel = file.name.endswith(".whl")
        version = _wheel_version(file.name) if is_wheel else _sdist_version(file.name)
        if version is None:
            continue
        release = releases.setdefault(version, Release(version))
        if is_wheel:
            release.wheels.append(file)
        else:
            release.sdist = file
    return dict(sorted(releases.items(), reverse=True))


def _wheel_version(name: str) -> Version | None:
    match = _WHEEL.fullmatch(name)
    return parse_version(match["version"]) if match else None


def _sdist_version(name: str) -> Version | None:
    try:
        return parse_sdist_filename(name)[1]
    except (InvalidSdistFilename, InvalidVersion):
        return None


@lru_cache(maxsize=4096)
def parse_version(text: str) -> Version | None:
    """The version; None when it is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=1024)
def _admits(requires_python: str, python_version: str) -> bool:
    try:
        return SpecifierSet(requires_python).contains(python_version, prereleases=True)
    except InvalidSpecifier:
        return True
