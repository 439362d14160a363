"""The metadata inside a wheel on a server, without downloading the wheel: a few pieces of it will do."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import httpx

from harness.checks.requirements.release_metadata import ReleaseMetadata, read_wheel_metadata

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 64 << 10


class RemoteFile(io.RawIOBase):
    """A file behind HTTP that answers range requests (RFC 9110, section 14), read-only."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        super().__init__()
        self._client = client
        self._url = url
        self._place = 0
        self._pieces: dict[int, bytes] = {}
        answer = client.head(url)
        answer.raise_for_status()
        self.size = int(answer.headers["content-length"])

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
        number, within = divmod(self._place, _PIECE)
        part = self._piece(number)[within : within + len(view)] if self._place < self.size else b""
        view[: len(part)] = part
        self._place += len(part)
        return len(part)

    def _piece(self, number: int) -> bytes:
        """Pieces are counted from the start.

        Raises:
            httpx.HTTPError: the server failed, or does not answer range requests.
        """
        if number not in self._pieces:
            start = number * _PIECE
            last = min(start + _PIECE, self.size) - 1
            answer = self._client.get(self._url, headers={"Range": f"bytes={start}-{last}"})
            if answer.status_code != httpx.codes.PARTIAL_CONTENT:
                raise httpx.UnsupportedProtocol(
                    f"the server answered {answer.status_code} to a range request"
                )
            self._pieces[number] = answer.content
        return self._pieces[number]


def read_remote_metadata(client: httpx.Client, url: str) -> tuple[ReleaseMetadata, int]:
    """What the wheel at `url` says about itself, and its size in bytes.

    Raises:
        httpx.HTTPError: the server failed, or does not answer range requests.
        zipfile.BadZipFile: it is no wheel.
    """
    file = RemoteFile(client, url)
    return read_wheel_metadata(io.BufferedReader(file, _PIECE)), file.size
