"""A package index, read: which releases there are and what each needs. Nothing of a package is executed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import ssl
import tarfile
import threading
import weakref
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx

from harness.checks.requirements.project_page import Release, parse_html, parse_json, parse_version
from harness.checks.requirements.release_metadata import (
    ReleaseMetadata,
    parse_metadata,
    read_wheel_metadata,
)
from harness.checks.requirements.remote_wheel import read_remote_metadata
from harness.checks.requirements.sdist import read_sdist
from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packaging.version import Version

    from harness.checks.requirements.project_page import IndexFile
    from harness.checks.requirements.target import Target

PYPI = "https://pypi.org/simple/"
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_LARGEST_FILE = 64 << 20
_SECONDS = 20.0
_PARALLEL = 16


class IndexUnreachableError(Exception):
    """The index did not answer."""


class Index:
    """An index with the Simple API; what releases say about themselves is kept in `cache_folder`."""

    def __init__(self, url: str, cache_folder: Path, *, certificate: str | None = None) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._cache = cache_folder
        self._certificate = certificate
        self._projects: dict[str, Mapping[Version, Release]] = {}
        self._offers_metadata = True

    @cached_property
    def client(self) -> httpx.Client:
        """What it asks with."""
        verify: ssl.SSLContext | bool = True
        if self._certificate:
            verify = ssl.create_default_context(cafile=self._certificate)
        client = httpx.Client(timeout=_SECONDS, follow_redirects=True, verify=verify)
        weakref.finalize(self, client.close)
        return client

    def connect(self) -> None:
        """Get ready to ask; reads certificates, sends nothing."""
        _ = self.client

    def releases(self, name: str) -> Mapping[Version, Release]:
        """Every release of the project called `name` (normalized); empty when the index has none.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        if name not in self._projects:
            self._projects[name] = self._ask(name)
        return self._projects[name]

    def _ask(self, name: str) -> Mapping[Version, Release]:
        response = self._get(urljoin(self._url, f"{name}/"), accept=_ACCEPT)
        if response.status_code == httpx.codes.NOT_FOUND:
            return {}
        if response.status_code != httpx.codes.OK:
            raise IndexUnreachableError(f"the index answered {response.status_code}")
        url = str(response.url)
        if "json" not in response.headers.get("content-type", ""):
            return parse_html(response.text, url)
        try:
            return parse_json(response.json(), url)
        except (ValueError, KeyError, TypeError) as error:
            raise IndexUnreachableError(f"the answer about {name} is not PEP 691 JSON") from error

    def knows(self, name: str) -> bool:
        """Whether it was asked about the project already."""
        return name in self._projects

    def release(self, name: str, version: str) -> Release | None:
        """One release; None when the project has none with this version.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        parsed = parse_version(version)
        return self.releases(name).get(parsed) if parsed is not None else None

    def prefetch(self, names: Iterable[str]) -> None:
        """Ask for several projects at once.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        missing = [name for name in dict.fromkeys(names) if name not in self._projects]
        if missing:
            self.connect()
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(self.releases, missing))

    def prefetch_metadata(self, wanted: Iterable[tuple[str, Release]], target: Target) -> None:
        """Ask what several releases need at once; `metadata` then answers from the cache folder.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        pairs = {(name, release.version): release for name, release in wanted}
        if pairs:
            self.connect()
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(lambda pair: self.metadata(pair[0][0], pair[1], target), pairs.items()))

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
                kept.unlink(missing_ok=True)
        found = self._fetch_metadata(release, target)
        if found is not None:
            _keep(kept, json.dumps(found.__dict__))
        return found

    def _fetch_metadata(self, release: Release, target: Target) -> ReleaseMetadata | None:
        wheel, sdist = release.wheel_for(target), release.sdist
        try:
            if wheel is not None:
                return self._separate_metadata(wheel) or self._wheel_metadata(wheel)
            return read_sdist(self._download(sdist), sdist.name) if sdist is not None else None
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, tarfile.TarError):
            return None

    def _separate_metadata(self, wheel: IndexFile) -> ReleaseMetadata | None:
        """From the file that the index offers beside the wheel (PEP 658); None when it has none.

        An index that does not say which wheels have one is not asked again once it had none.
        """
        has_metadata = self._offers_metadata if wheel.has_metadata is None else wheel.has_metadata
        if not has_metadata:
            return None
        response = self._get(f"{wheel.url}.metadata")
        if response.status_code == httpx.codes.OK and "Metadata-Version" in response.text[:200]:
            return parse_metadata(response.text)
        if wheel.has_metadata is None:
            self._offers_metadata = False
        return None

    def _wheel_metadata(self, wheel: IndexFile) -> ReleaseMetadata:
        """From pieces of the wheel, or from all of it where the server sends no pieces."""
        try:
            return read_remote_metadata(self.client, wheel.url)[0]
        except (httpx.HTTPError, httpx.InvalidURL):
            return read_wheel_metadata(io.BytesIO(self._download(wheel)))

    def _download(self, file: IndexFile) -> bytes:
        """The whole file.

        Raises:
            ValueError: it is larger than this check downloads.
            IndexUnreachableError: the index did not answer.
        """
        try:
            with self.client.stream("GET", file.url) as response:
                if int(response.headers.get("content-length") or 0) > _LARGEST_FILE:
                    raise ValueError(file.name)
                return response.read()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IndexUnreachableError(type(error).__name__) from error

    def fetch(self, url: str) -> bytes:
        """The file at `url`, however large.

        Raises:
            HarnessError: it cannot be had.
        """
        try:
            response = self.client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HarnessError(f"a wheel could not be downloaded: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise HarnessError(f"a wheel could not be downloaded: the index answered {response.status_code}")
        return response.content

    def size(self, url: str) -> int:
        """How large the file at `url` is; 0 when nobody says."""
        kept = self._cache / "sizes" / hashlib.sha256(url.encode()).hexdigest()
        if kept.is_file() and kept.read_text("utf-8").isdigit():
            return int(kept.read_text("utf-8"))
        try:
            size = int(self.client.head(url).headers.get("content-length") or 0)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return 0
        _keep(kept, str(size))
        return size

    def sizes(self, urls: Iterable[str]) -> Mapping[str, int]:
        """The sizes of several files, asked for at once."""
        wanted = list(dict.fromkeys(urls))
        self.connect()
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return dict(zip(wanted, pool.map(self.size, wanted), strict=True))

    def _get(self, url: str, accept: str = "*/*") -> httpx.Response:
        try:
            return self.client.get(url, headers={"Accept": accept})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IndexUnreachableError(type(error).__name__) from error


def _keep(path: Path, text: str) -> None:
    """Write whole or not at all: several checks may share the cache folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
