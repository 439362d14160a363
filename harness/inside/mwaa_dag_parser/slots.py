"""Memory shared by the parser and one child: answers arrive even when a DAG file closes every descriptor."""

from __future__ import annotations

import json
import mmap
import os
import struct
import tempfile
from typing import Any

_SIZE = 64 << 20
_RECORDS = 4096
_LONGEST_PLACE = 3000
_HEADER = struct.Struct("<QQI")
_dumps = json.dumps  # a DAG file may replace the one in its module
_LENGTH = struct.Struct("<I")


class Slot:
    """One child's memory, and a file for what `faulthandler` says; reserved once, used again and again."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, _SIZE)
        self.faults = tempfile.TemporaryFile(prefix="mwaa-parser-")  # noqa: SIM115 -- lives as long as the slot
        self.reset()

    def reset(self) -> None:
        """Make it ready for the next child."""
        _HEADER.pack_into(self.memory, 0, _RECORDS, 0, 0)
        self.read_to = _RECORDS
        os.ftruncate(self.faults.fileno(), 0)
        os.lseek(self.faults.fileno(), 0, os.SEEK_SET)

    def begin(self, index: int) -> None:
        """In the child: the file with this index is next, nothing is known of where it is."""
        end, _, _ = _HEADER.unpack_from(self.memory)
        _HEADER.pack_into(self.memory, 0, end, index, 0)

    def write_place(self, place: tuple[str, int] | None) -> None:
        """In the child: this is the user's line that runs now."""
        if place is None:
            return
        text = f"{place[1]} {place[0]}".encode()[:_LONGEST_PLACE]
        self.memory[_HEADER.size : _HEADER.size + len(text)] = text
        end, index, _ = _HEADER.unpack_from(self.memory)
        _HEADER.pack_into(self.memory, 0, end, index, len(text))

    def write(self, record: dict[str, Any]) -> None:
        """In the child: one file's facts are complete."""
        text = _dumps(record, sort_keys=True).encode()
        end, index, length = _HEADER.unpack_from(self.memory)
        if end + _LENGTH.size + len(text) > _SIZE:
            text = _dumps({"file": record["file"], "ended": {"how": "too-large", "place": None}}).encode()
        _LENGTH.pack_into(self.memory, end, len(text))
        self.memory[end + _LENGTH.size : end + _LENGTH.size + len(text)] = text
        _HEADER.pack_into(self.memory, 0, end + _LENGTH.size + len(text), index, length)

    def new_records(self) -> list[dict[str, Any]]:
        """In the parser: what was written since the last call. A child's scribble is no record."""
        end, _, _ = _HEADER.unpack_from(self.memory)
        records = []
        while self.read_to < min(end, _SIZE):
            (length,) = _LENGTH.unpack_from(self.memory, self.read_to)
            start = self.read_to + _LENGTH.size
            records.append(json.loads(self.memory[start : start + length]))
            self.read_to = start + length
        return records

    @property
    def index(self) -> int:
        """In the parser: which file the child is at."""
        return int(_HEADER.unpack_from(self.memory)[1])

    def place(self) -> tuple[str, int] | None:
        """In the parser: the user's line last heard of."""
        _, _, length = _HEADER.unpack_from(self.memory)
        text = self.memory[_HEADER.size : _HEADER.size + min(length, _LONGEST_PLACE)].decode(errors="replace")
        line, _, path = text.partition(" ")
        return (path, int(line)) if line.isdigit() else None

    def fault_lines(self) -> list[tuple[str, int]]:
        """In the parser: the frames that `faulthandler` wrote, innermost first."""
        text = os.pread(self.faults.fileno(), 1 << 16, 0).decode(errors="replace")
        frames = []
        for line in text.splitlines():
            before, separator, after = line.strip().rpartition('", line ')
            number = after.split(" ")[0]
            if separator and before.startswith('File "') and number.isdigit():
                frames.append((before[len('File "') :], int(number)))
        return frames
