"""A package index on this machine: releases are what a test says, and nothing leaves the machine."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Releases:
    """What the index has: files by path, and the files of each project; what it was asked for, and sent."""

    files: dict[str, bytes] = field(default_factory=dict)
    projects: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    sends_parts: bool = True
    asked: list[str] = field(default_factory=list)
    sent: int = 0

    def wheel(self, name: str, version: str, *requires: str, code: bytes = b"") -> None:
        """Offer a wheel of a release, with `code` in it and what it says about itself."""
        file = f"{name}-{version}-py3-none-any.whl"
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(f"{name}.py", code)
            archive.writestr(f"{name}-{version}.dist-info/METADATA", _metadata(name, version, requires))
            archive.writestr(f"{name}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr(f"{name}-{version}.dist-info/RECORD", "")
        self._offer(name, file, stream.getvalue())

    def source(self, name: str, version: str, *requires: str) -> None:
        """Offer a release that would have to be built."""
        file = f"{name}-{version}.tar.gz"
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            member = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
            data = _metadata(name, version, requires)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        self._offer(name, file, stream.getvalue())

    def _offer(self, name: str, file: str, data: bytes) -> None:
        self.files[f"/files/{file}"] = data
        hashes = {"sha256": hashlib.sha256(data).hexdigest()}
        offered = {"filename": file, "url": f"/files/{file}", "hashes": hashes, "size": len(data)}
        self.projects.setdefault(name, []).append(offered)

    def answer(self, path: str) -> tuple[bytes, str] | None:
        """The body and its type; None when there is nothing."""
        name = path.removeprefix("/simple/").strip("/")
        if path.startswith("/simple/") and name in self.projects:
            page = {"meta": {"api-version": "1.1"}, "name": name, "files": self.projects[name]}
            return json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json"
        return (self.files[path], "application/octet-stream") if path in self.files else None


def _metadata(name: str, version: str, requires: tuple[str, ...]) -> bytes:
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {text}" for text in requires), ""]).encode()


def _part(asked: str | None, size: int) -> range | None:
    """What a Range header asks for: from a byte to a byte, or the last so many."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "")
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    return range(int(first), min(int(last) + 1 if last else size, size))


@contextmanager
def serve(releases: Releases) -> Iterator[str]:
    """The index's address, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            releases.asked.append(self.path)
            answer = releases.answer(self.path)
            body, kind = answer or (b"", "text/plain")
            part = _part(self.headers["Range"], len(body)) if answer and releases.sends_parts else None
            self.send_response(206 if part else 200 if answer else 404)
            self.send_header("Content-Type", kind)
            if releases.sends_parts:
                self.send_header("Accept-Ranges", "bytes")
            if part:
                self.send_header("Content-Range", f"bytes {part.start}-{part.stop - 1}/{len(body)}")
                body = body[part.start : part.stop]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                releases.sent += len(body)
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 -- the name that the library calls

        def log_message(self, *_arguments: object) -> None:
            """A test has nothing to say about requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
