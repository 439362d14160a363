"""A package index, read: which releases there are and what each needs. Nothing of a package is executed."""

from __future__ import annotations

import json
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from harness.checks.requirements.release_metadata import (
    ReleaseMetadata,
    parse_metadata,
    read_wheel_metadata,
)
from harness.checks.requirements.sdist import read_sdist

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from harness.checks.requirements.target import Target

PYPI = "https://pypi.org/simple/"
_JSON = "application/vnd.pypi.simple.v1+json"
_LARGEST_SDIST = 64 << 20
_SECONDS = 20.0
_PARALLEL = 8


class IndexUnreachableError(Exception):
    """The index did not answer."""


@dataclass(frozen=True)
class IndexFile:
    """One file of a release."""

    name: str
    url: str
    has_metadata: bool
    upload_time: str
    size: int


@dataclass
class Release:
    """One version of a project, as the index lists it."""

    version: Version
    wheels: list[IndexFile] = field(default_factory=list)
    sdist: IndexFile | None = None
    requires_python: str = ""
    yanked: str | None = None

    @property
    def files(self) -> tuple[IndexFile, ...]:
        """Everything that the release offers."""
        return (*self.wheels, *((self.sdist,) if self.sdist else ()))

    def supports(self, target: Target) -> bool:
        """Whether its requires-python admits the target."""
        try:
            return SpecifierSet(self.requires_python).contains(target.python_version, prereleases=True)
        except InvalidSpecifier:
            return True

    def wheel_for(self, target: Target) -> IndexFile | None:
        """A wheel of it that installs on the target."""
        return next((wheel for wheel in self.wheels if target.runs(wheel.name)), None)


class Index:
    """An index with the Simple API in JSON (PEP 691); answers about releases are kept in `cache_folder`."""

    def __init__(self, url: str, cache_folder: Path, *, certificate: str | None = None) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._cache = cache_folder
        self._certificate = certificate
        self._projects: dict[str, Mapping[Version, Release]] = {}

    @cached_property
    def _client(self) -> httpx.Client:
        import ssl  # noqa: PLC0415 - only when the index is asked

        verify: ssl.SSLContext | bool = True
        if self._certificate:
            verify = ssl.create_default_context(cafile=self._certificate)
        return httpx.Client(timeout=_SECONDS, follow_redirects=True, verify=verify)

    def releases(self, name: str) -> Mapping[Version, Release]:
        """Every release of the project called `name` (normalized); empty when the index has none.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        if name not in self._projects:
            response = self._get(urljoin(self._url, f"{name}/"), accept=_JSON)
            found: Mapping[Version, Release] = {}
            if response.status_code == httpx.codes.OK:
                try:
                    found = _parse_project(response.json(), str(response.url))
                except (ValueError, KeyError, TypeError) as error:
                    raise IndexUnreachableError(f"the answer about {name} is not PEP 691 JSON") from error
            elif response.status_code != httpx.codes.NOT_FOUND:
                raise IndexUnreachableError(f"the index answered {response.status_code}")
            self._projects[name] = found
        return self._projects[name]

    def knows(self, name: str) -> bool:
        """Whether it was asked about the project already."""
        return name in self._projects

    def release(self, name: str, version: str) -> Release | None:
        """One release; None when the project has none with this version.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        try:
            return self.releases(name).get(Version(version))
        except InvalidVersion:
            return None

    def prefetch(self, names: Iterable[str]) -> None:
        """Ask for several projects at once."""
        missing = [name for name in dict.fromkeys(names) if name not in self._projects]
        if len(missing) > 1:
            _ = self._client
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(self.releases, missing))

    def metadata(self, name: str, release: Release, target: Target) -> ReleaseMetadata | None:
        """What the release needs; None when it cannot be known without running its code.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        kept = self._cache / "metadata" / f"{name}-{release.version}.json"
        if kept.is_file():
            try:
                return ReleaseMetadata(
                    **{k: tuple(v) for k, v in json.loads(kept.read_text("utf-8")).items()}
                )
            except (ValueError, TypeError, AttributeError):
                kept.unlink()
        found = self._fetch_metadata(release, target)
        if found is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(found.__dict__), encoding="utf-8")
        return found

    def _fetch_metadata(self, release: Release, target: Target) -> ReleaseMetadata | None:
        wheel = release.wheel_for(target)
        if wheel is not None and wheel.has_metadata:
            response = self._get(f"{wheel.url}.metadata")
            if response.status_code == httpx.codes.OK:
                return parse_metadata(response.text)
        try:
            if wheel is not None and wheel.size < _LARGEST_SDIST:
                return read_wheel_metadata(self._get(wheel.url).content)
            if wheel is None and release.sdist is not None and release.sdist.size < _LARGEST_SDIST:
                return read_sdist(self._get(release.sdist.url).content, release.sdist.name)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, tarfile.TarError):
            return None
        return None

    def _get(self, url: str, accept: str = "*/*") -> httpx.Response:
        try:
            return self._client.get(url, headers={"Accept": accept})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IndexUnreachableError(type(error).__name__) from error


def _parse_project(document: Mapping[str, Any], url: str) -> Mapping[Version, Release]:
    releases: dict[Version, Release] = {}
    for file in document["files"]:
        name = str(file["filename"])
        try:
            version = (
                parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
            )
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
        release = releases.setdefault(version, Release(version))
        known = file.get("core-metadata") or file.get("data-dist-info-metadata")
        address = urljoin(url, file["url"])
        entry = IndexFile(
            name, address, bool(known), str(file.get("upload-time") or ""), int(file.get("size") or 0)
        )
        if name.endswith(".whl"):
            release.wheels.append(entry)
        else:
            release.sdist = entry
        release.requires_python = str(file.get("requires-python") or release.requires_python)
        if file.get("yanked"):
            release.yanked = str(file["yanked"])
    return dict(sorted(releases.items(), reverse=True))
