"""A package index of the tests' own: on loopback, behind a password, with one package that never arrives."""

from __future__ import annotations

import base64
import io
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "mwaa-test-guarded"
ENDLESS = "mwaa-test-endless"
_WHEEL = "mwaa_test_guarded-1.0-py3-none-any.whl"


class PrivateIndex:
    """What the server answers, and what it saw."""

    def __init__(self, user: str, password: str) -> None:
        self.credentials = f"{user}:{password}"
        self.asked_for_endless = threading.Event()
        self.closing = threading.Event()
        self.port = 0

    @property
    def address(self) -> str:
        """The index with its credentials, as a pip setting has it."""
        return f"http://{self.credentials}@127.0.0.1:{self.port}/simple"


@contextmanager
def serve_index(user: str, password: str) -> Iterator[PrivateIndex]:
    """A running index that only `user` with `password` may read."""
    index = PrivateIndex(user, password)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(index))
    index.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield index
    finally:
        index.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(index: PrivateIndex) -> type[BaseHTTPRequestHandler]:
    expected = "Basic " + base64.b64encode(index.credentials.encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != expected:
                self._answer(401, b"", "text/plain")
            elif self.path.rstrip("/").endswith(f"/{PACKAGE}"):
                self._answer(200, f'<a href="/files/{_WHEEL}">{_WHEEL}</a>'.encode(), "text/html")
            elif self.path.endswith(_WHEEL):
                self._answer(200, _wheel(), "application/octet-stream")
            elif self.path.rstrip("/").endswith(f"/{ENDLESS}"):
                index.asked_for_endless.set()
                index.closing.wait()
            else:
                self._answer(404, b"", "text/plain")

        do_HEAD = do_GET  # noqa: N815 - as above

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="tests"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _wheel() -> bytes:
    buffer = io.BytesIO()
    folder = "mwaa_test_guarded-1.0.dist-info"
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr("mwaa_test_guarded.py", "ANSWER = 18\n")
        wheel.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n")
        wheel.writestr(
            f"{folder}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{folder}/RECORD", "")
    return buffer.getvalue()
