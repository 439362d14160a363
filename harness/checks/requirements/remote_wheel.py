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

    Pieces are counted from the end, where a wheel has its table of contents and its metadata. The first
    request asks for the last piece, and so learns the size.
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
        self._pieces = {0: answer.content}

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
        number = (self.size - 1 - self._place) // _PIECE
        start = max(self.size - (number + 1) * _PIECE, 0)
        part = self._piece(number, start)[self._place - start :][: len(view)]
        view[: len(part)] = part
        self._place += len(part)
        return len(part)

    def _piece(self, number: int, start: int) -> bytes:
        if number not in self._pieces:
            last = self.size - number * _PIECE - 1
            self._pieces[number] = self._ask(f"{start}-{last}").content
        return self._pieces[number]

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
