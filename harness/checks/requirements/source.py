"""Requirements text into logical lines, as pip's preprocessor makes them, every character with its place."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"coding[:=]\s*([-\w.]+)")
_COMMENT = re.compile(r"(^|\s+)#.*$")


@dataclass(frozen=True)
class DecodedText:
    """A file's text, the encoding it was in, and what was wrong with it, if anything."""

    text: str
    encoding: str
    problem: str | None = None


@dataclass(frozen=True)
class LogicalLine:
    """One line as pip sees it: continuations joined, comment and surrounding blanks removed.

    Attributes:
        text: never empty.
        path: the file it is in.
        pieces: (offset in `text`, line number, column from 1, that physical line) in order.
        comment: the comment behind it, with its sign, or an empty text.
        last_line: number of its last physical line.
    """

    text: str
    path: Path
    pieces: tuple[tuple[int, int, int, str], ...]
    comment: str = ""
    last_line: int = 0

    @property
    def line(self) -> int:
        return self.pieces[0][1]

    def locate(self, offset: int = 0) -> tuple[Location, str]:
        """Where character `offset` of the text is in the file, and the physical line it is on."""
        start, number, column, source = next(p for p in reversed(self.pieces) if p[0] <= max(offset, 0))
        return Location(self.path, number, column + max(offset, 0) - start), source


def decode(data: bytes) -> DecodedText:
    """`data` as pip decodes it: byte order mark, then a declared encoding, then UTF-8."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding)
    for line in data.split(b"\n")[:2]:
        declared = _DECLARED.search(line) if line.startswith(b"#") else None
        if declared:
            return _decode(data, declared.group(1).decode("ascii"))
    return _decode(data, "utf-8")


def encode(text: str, original: bytes) -> bytes:
    """`text` in the encoding, and with the byte order mark, that `original` has."""
    for mark, encoding in _BOMS:
        if original.startswith(mark):
            return mark + text.encode(encoding)
    return text.encode(decode(original).encoding)


def _decode(data: bytes, encoding: str) -> DecodedText:
    try:
        return DecodedText(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} is not {encoding}"
    except (LookupError, ValueError):
        problem = f"there is no text encoding called {encoding!r}"
    return DecodedText(data.decode("utf-8", "replace"), encoding, problem)


def split_logical_lines(text: str, path: Path) -> Iterator[LogicalLine]:
    """The logical lines of `text` that hold anything but a comment."""
    parts: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            parts.append((number, line.rstrip("\\")))
            continue
        parts.append((number, f" {line}" if is_comment and parts else line))
        yield from _join(parts, path, text)
        parts = []
    if parts:
        yield from _join(parts, path, text)


def _join(parts: list[tuple[int, str]], path: Path, whole: str) -> Iterator[LogicalLine]:
    sources = whole.splitlines()
    joined = "".join(part for _, part in parts)
    found = _COMMENT.search(joined)
    comment = found.group(0).strip() if found else ""
    bare = _COMMENT.sub("", joined)
    text = bare.strip()
    if not text:
        return
    lead = len(bare) - len(bare.lstrip())
    pieces: list[tuple[int, int, int, str]] = []
    offset = -lead
    for number, part in parts:
        end = offset + len(part)
        if end > 0 or number == parts[-1][0]:
            start = max(offset, 0)
            pieces.append((start, number, 1 + start - offset, sources[number - 1]))
        offset = end
    yield LogicalLine(text, path, tuple(pieces), comment, parts[-1][0])


def find_comments(text: str) -> Iterator[tuple[int, str]]:
    """The whole-line comments of `text`: line number and text behind the sign."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            yield number, line.lstrip().lstrip("#").strip()
