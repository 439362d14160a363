"""The metadata inside a wheel on a server, without downloading the wheel: a few pieces of it will do."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import httpx

from harness.checks.requirements.release_metadata import ReleaseMetadata, read_wheel_metadata

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 64 << 10
_SIZE = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]+)")


class RemoteFile(io.RawIOBase):
    """A file behind HTTP that answers range requests (RFC 9110, section 14), read-only.

    The first request asks for the end, where a wheel has its table of contents and its metadata, and so
    learns the size. Of the rest as much is asked for at once as is read at once.
    """

    def __init__(self, client: httpx.Client, url: str) -> None:
        super().__init__()
        self._client = client
        self._url = url
        self._place = 0
        answer = self._ask(f"-{_PIECE}")
        told = _SIZE.fullmatch(answer.headers.get("content-range", ""))
        if told is None:
            raise httpx.RemoteProtocolError("the server does not say which part of the file it sent")
        self.size = int(told[1])
        self._end = self.size - len(answer.content), answer.content
        self._part = self._end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = start + offset
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        if self._place >= self.size:
            return 0
        start, content = self._around(self._place, len(view))
        part = content[self._place - start :][: len(view)]
        view[: len(part)] = part
        self._place += len(part)
        return len(part)

    def _around(self, place: int, length: int) -> tuple[int, bytes]:
        """A part that holds the byte at `place`, and where it starts; asked for when there is none."""
        for start, content in (self._end, self._part):
            if start <= place < start + len(content):
                return start, content
        last = min(place + max(length, _PIECE), self._end[0]) - 1
        self._part = place, self._ask(f"{place}-{last}").content
        return self._part

    def _ask(self, range_: str) -> httpx.Response:
        """A part of the file.

        Raises:
            httpx.HTTPError: the server failed, or does not answer range requests.
        """
        with self._client.stream("GET", self._url, headers={"Range": f"bytes={range_}"}) as answer:
            if answer.status_code != httpx.codes.PARTIAL_CONTENT:
                raise httpx.UnsupportedProtocol(
                    f"the server answered {answer.status_code} to a range request"
                )
            answer.read()
        return answer


def read_remote_metadata(client: httpx.Client, url: str) -> tuple[ReleaseMetadata, int]:
    """What the wheel at `url` says about itself, and its size in bytes.

    Raises:
        httpx.HTTPError: the server failed, or does not answer range requests.
        zipfile.BadZipFile: it is no wheel.
    """
    file = RemoteFile(client, url)
    return read_wheel_metadata(io.BufferedReader(file, _PIECE)), file.size
