"""Asks a running parser. Imports next to nothing: this is the way a check on save takes."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Facts = dict[str, Any]


class ParserAbsentError(Exception):
    """Nobody answers at the socket, or the answer broke off: start another parser."""


def ask(socket_path: str, files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Facts]:
    """The facts of each file, as they become known.

    Raises:
        ParserAbsentError: there is no parser, or it went away.
    """
    request = json.dumps({"files": list(files), "options": dict(options)}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        try:
            stream.connect(socket_path)
            stream.sendall(request)
            with stream.makefile("rb") as lines:
                yield from read_answer(lines)
        except OSError as error:
            raise ParserAbsentError(str(error)) from error


def read_answer(lines: Iterator[bytes]) -> Iterator[Facts]:
    """One record per line until the one that says that all is said.

    Raises:
        ParserAbsentError: the lines end before that.
    """
    for line in lines:
        record: Facts = json.loads(line)
        if record.get("done"):
            return
        yield record
    raise ParserAbsentError("the parser ended before it had answered")
