"""The warm parser: answers requests on a private socket until nobody has asked for a while.

A request is one line of JSON {"files": [...], "options": {...}}; the answer is one line per file, then
{"done": true}. With `--once` the request comes on standard input and the answer goes to standard output.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any

from .preload import preload
from .zygote import Request, Zygote

_TICK = 0.05
_SUBREAPER = 36


class Connection:
    """One client: a half-read request, then a half-written answer."""

    def __init__(self, server: Server, stream: socket.socket) -> None:
        self.server = server
        self.stream = stream
        self.incoming = b""
        self.outgoing = bytearray()
        self.request: Request | None = None

    def read(self) -> None:
        """Take what arrived; an empty read means that the client left."""
        try:
            part = self.stream.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self.server.close(self)
            return
        self.incoming += part
        if self.request is None and b"\n" in self.incoming:
            try:
                asked = json.loads(self.incoming)
                self.request = Request(asked["files"], asked["options"], self.answer)
            except (ValueError, KeyError):
                self.server.close(self)
                return
            self.server.zygote.add(self.request)
            self.finish_if_done()

    def answer(self, record: dict[str, Any]) -> None:
        """Send one file's facts."""
        self.outgoing += json.dumps(record, sort_keys=True).encode() + b"\n"
        self.finish_if_done()

    def finish_if_done(self) -> None:
        """Say that there is no more to come."""
        if self.request is not None and self.request.remaining == 0:
            self.outgoing += b'{"done": true}\n'
        self.write()

    def write(self) -> None:
        """Send as much as the client takes now."""
        try:
            while self.outgoing:
                sent = self.stream.send(self.outgoing[: 1 << 16])
                del self.outgoing[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self.server.close(self)
            return
        self.server.listen(self)


class Server:
    """The loop around one zygote."""

    def __init__(self, zygote: Zygote, listener: socket.socket, idle: float) -> None:
        self.zygote = zygote
        self.listener = listener
        self.idle = idle
        self.selector = selectors.DefaultSelector()
        self.connections: set[Connection] = set()
        self.wake, self._wake_end = wake_on_child()
        zygote.descriptors = self.descriptors

    def descriptors(self) -> list[int]:
        """What a child must not keep open."""
        streams = [connection.stream.fileno() for connection in self.connections]
        return [self.listener.fileno(), self.wake, self._wake_end, *streams]

    def serve(self, still_wanted: Any) -> None:
        """Answer until idle for too long or no longer wanted."""
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.selector.register(self.wake, selectors.EVENT_READ, None)
        quiet_since = time.monotonic()
        while True:
            busy = bool(self.zygote.children or self.connections)
            if busy:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > self.idle or not still_wanted():
                return
            for key, mask in self.selector.select(_TICK if self.zygote.children else 5):
                if key.fileobj is self.listener:
                    self._accept()
                elif key.data is None:
                    self._drain()
                elif mask & selectors.EVENT_WRITE:
                    key.data.write()
                else:
                    key.data.read()
            self.zygote.reap()
            self.zygote.tick()
            end_orphans(self.zygote.processes())

    def _accept(self) -> None:
        stream, _ = self.listener.accept()
        stream.setblocking(False)  # noqa: FBT003 -- the socket's own interface
        connection = Connection(self, stream)
        self.connections.add(connection)
        self.selector.register(stream, selectors.EVENT_READ, connection)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake, 4096)

    def listen(self, connection: Connection) -> None:
        """Wait for room to write only while there is something to write."""
        if connection in self.connections:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.outgoing else 0)
            self.selector.modify(connection.stream, events, connection)

    def close(self, connection: Connection) -> None:
        """Forget a client and the work it waited for."""
        if connection in self.connections:
            self.connections.discard(connection)
            self.selector.unregister(connection.stream)
            connection.stream.close()
            if connection.request is not None:
                self.zygote.drop(connection.request)


def wake_on_child() -> tuple[int, int]:
    """A descriptor that becomes readable when a child ends, and its other end."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    os.set_blocking(theirs, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    return ours, theirs


def adopt_orphans() -> None:
    """Become the parent of processes that a DAG file left behind (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def end_orphans(ours: set[int]) -> None:
    """Kill processes we adopted: no DAG file leaves anything running."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as stream:
            adopted = {int(pid) for pid in stream.read().split()} - ours
    except (OSError, ValueError):
        return
    for pid in adopted:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def answer_once(zygote: Zygote) -> None:
    """The cold path: one request from standard input, answered on standard output."""
    asked = json.loads(sys.stdin.readline())
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(record: dict[str, Any]) -> None:
        output.write(json.dumps(record, sort_keys=True) + "\n")
        output.flush()

    request = Request(asked["files"], asked["options"], answer)
    wake, wake_end = wake_on_child()
    zygote.descriptors = lambda: [wake, wake_end, output.fileno()]
    zygote.add(request)
    with selectors.DefaultSelector() as selector:
        selector.register(wake, selectors.EVENT_READ)
        while request.remaining:
            if selector.select(_TICK):
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
            zygote.reap()
            zygote.tick()
            end_orphans(zygote.processes())
    output.write('{"done": true}\n')
    output.flush()


def detach(log: str) -> int:
    """Go on in a child in a session of its own; the process that was started ends when that child is ready.

    Returns:
        in the child: where to write a byte as soon as it is.
    """
    heard, said = os.pipe()
    if os.fork():
        os.close(said)
        os._exit(0 if os.read(heard, 1) else 1)
    os.close(heard)
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    return said


def listen_at(path: str) -> socket.socket | None:
    """The private socket; None when another parser already answers there."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return _bind(path)


def _bind(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)
    listener.listen(64)
    listener.setblocking(False)  # noqa: FBT003 -- the socket's own interface
    return listener


def main() -> None:
    """Preload, then serve or answer once."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--once", action="store_true")
    arguments.add_argument("--socket")
    arguments.add_argument("--idle", type=float, default=600)
    arguments.add_argument("--slots", type=int, default=2)
    arguments.add_argument("--user-folder", action="append", default=[])
    given = arguments.parse_args()
    announce = detach(f"{given.socket}.log") if given.socket else None
    adopt_orphans()
    zygote = Zygote(*preload(tuple(given.user_folder)), given.slots)
    if given.once:
        answer_once(zygote)
        return
    listener = listen_at(given.socket)
    if announce is not None:
        os.write(announce, b"ready")
        os.close(announce)
    if listener is None:
        return
    inode = os.stat(given.socket).st_ino

    def still_wanted() -> bool:
        try:
            return os.stat(given.socket).st_ino == inode and os.path.exists(sys.executable)
        except OSError:
            return False

    try:
        Server(zygote, listener, given.idle).serve(still_wanted)
    finally:
        if still_wanted():
            os.unlink(given.socket)
