"""What an index is asked about a release: pieces of its wheel, and nothing that it is known not to have."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest

from harness.checks.requirements.index import Index, IndexUnreachableError
from harness.checks.requirements.remote_wheel import read_remote_metadata
from harness.checks.requirements.target import MWAA
from tests.unit.checks.requirements.local_index import Releases, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = 500_000


@pytest.fixture
def releases() -> Releases:
    """An index with two large wheels of one project."""
    offered = Releases()
    for version in ("1.0", "2.0"):
        offered.wheel("top", version, f"deep=={version}", code=os.urandom(LARGE))
    return offered


@pytest.fixture
def index(releases: Releases, tmp_path: Path) -> Iterator[Index]:
    with serve(releases) as url:
        yield Index(url, tmp_path)


def _needs(index: Index, version: str) -> tuple[str, ...]:
    release = index.release("top", version)
    assert release is not None
    found = index.metadata("top", release, MWAA)
    assert found is not None
    return found.requires


def test_of_a_large_wheel_a_small_part_is_downloaded(index: Index, releases: Releases) -> None:
    assert _needs(index, "1.0") == ("deep==1.0",)
    assert releases.sent < LARGE / 2


def test_a_server_that_sends_no_parts_is_asked_for_the_whole_wheel(index: Index, releases: Releases) -> None:
    releases.sends_parts = False
    assert _needs(index, "1.0") == ("deep==1.0",)
    assert releases.sent > LARGE


def test_an_index_without_separate_metadata_is_asked_for_it_once(index: Index, releases: Releases) -> None:
    assert [_needs(index, version) for version in ("1.0", "2.0")] == [("deep==1.0",), ("deep==2.0",)]
    assert [path for path in releases.asked if path.endswith(".metadata")] == [
        "/files/top-1.0-py3-none-any.whl.metadata"
    ]


def test_what_was_read_once_is_not_asked_for_again(index: Index, releases: Releases) -> None:
    first = _needs(index, "1.0")
    asked = len(releases.asked)
    assert _needs(index, "1.0") == first
    assert len(releases.asked) == asked


def test_metadata_far_from_the_end_of_a_wheel_is_found_in_parts() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("top-1.0.dist-info/METADATA", "Metadata-Version: 2.2\nRequires-Dist: deep==1.0\n")
        archive.writestr("top.py", os.urandom(LARGE))
    releases = Releases(files={"/files/top.whl": stream.getvalue()})
    with serve(releases) as url, httpx.Client() as client:
        told, size = read_remote_metadata(client, url.replace("/simple", "/files/top.whl"))
    assert (told.requires, size) == (("deep==1.0",), len(stream.getvalue()))
    assert releases.sent < LARGE / 2


def test_a_long_table_of_contents_takes_few_questions() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(5_000):
            archive.writestr(f"top/a_rather_long_name_of_a_module_{number}.py", "")
        archive.writestr("top-1.0.dist-info/METADATA", "Metadata-Version: 2.2\nRequires-Dist: deep==1.0\n")
    releases = Releases(files={"/files/top.whl": stream.getvalue()})
    with serve(releases) as url, httpx.Client() as client:
        told, _ = read_remote_metadata(client, url.replace("/simple", "/files/top.whl"))
    assert told.requires == ("deep==1.0",)
    assert len(releases.asked) <= 4


def test_an_index_that_goes_away_between_two_questions_is_no_traceback(
    releases: Releases, tmp_path: Path
) -> None:
    with serve(releases) as url:
        index = Index(url, tmp_path)
        release = index.release("top", "1.0")
    assert release is not None
    with pytest.raises(IndexUnreachableError):
        index.metadata("top", release, MWAA)


def test_a_server_that_does_not_say_which_part_it_sent_is_refused() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(206, content=b"part")

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
        pytest.raises(httpx.RemoteProtocolError, match="which part"),
    ):
        read_remote_metadata(client, "https://index/a-1-py3-none-any.whl")
