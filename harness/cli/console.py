"""The only module that writes to the terminal: stdout is data, stderr is conversation."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TextIO

from harness.cli.plain_progress import PlainProgress
from harness.cli.text_table import format_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.events import EventSink

_RESET = "\x1b[0m"


class Verbosity(IntEnum):
    """How much conversation there is. Data and errors are always written."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class Style(IntEnum):
    """ANSI codes for words that carry the meaning of a line."""

    PLAIN = 0
    BOLD = 1
    RED = 31
    GREEN = 32
    YELLOW = 33
    CYAN = 36


class Console:
    """Writes to two streams; colours and moving parts only on a terminal that wants them."""

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        verbosity: Verbosity = Verbosity.NORMAL,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._environ = environ
        self.verbosity = verbosity

    def data(self, text: str = "") -> None:
        """Write one line of the command's answer."""
        print(text, file=self._stdout, flush=True)

    def json(self, value: Any) -> None:
        """Write the command's answer as a JSON document."""
        self.data(json.dumps(value, indent=2, ensure_ascii=False))

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write the command's answer as a table."""
        if not is_lively(self._stdout, self._environ):
            self.data("\n".join(format_table(headings, rows)))
            return
        from harness.cli.rich_output import print_table  # noqa: PLC0415 - rich takes 0.1 s to import

        print_table(self._stdout, headings, rows, colour=self._has_colour(self._stdout))

    def say(self, text: str, style: Style = Style.PLAIN) -> None:
        """Tell the person something that is not the answer."""
        if self.verbosity > Verbosity.QUIET:
            self.error(text, style)

    def detail(self, text: str) -> None:
        """Tell a person who asked for details."""
        if self.verbosity >= Verbosity.VERBOSE:
            self.error(text)

    def error(self, text: str, style: Style = Style.PLAIN) -> None:
        """Write to stderr whatever the verbosity."""
        print(self.paint(text, style), file=self._stderr, flush=True)

    def paint(self, text: str, style: Style) -> str:
        """`text` in a style, when stderr shows styles."""
        if style is Style.PLAIN or not self._has_colour(self._stderr):
            return text
        return f"\x1b[{int(style)}m{text}{_RESET}"

    @contextmanager
    def progress(self) -> Iterator[EventSink]:
        """A sink for events; on a terminal the running steps are shown live until the block ends."""
        if self.verbosity > Verbosity.QUIET and is_lively(self._stderr, self._environ):
            from harness.cli.rich_output import live_progress  # noqa: PLC0415 - as above

            with live_progress(self._stderr, colour=self._has_colour(self._stderr)) as sink:
                yield sink
            return
        plain = PlainProgress(details=self.verbosity >= Verbosity.VERBOSE)

        def write(event: Any) -> None:
            for line in plain.lines(event):
                if self.verbosity > Verbosity.QUIET or line.startswith("warning"):
                    self.error(line)

        yield write

    def _has_colour(self, stream: TextIO) -> bool:
        return is_lively(stream, self._environ) and not self._environ.get("NO_COLOR")


def is_lively(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether `stream` is a terminal that can move its cursor."""
    return stream.isatty() and environ.get("TERM", "") not in {"", "dumb"}


def terminal_console(environ: Mapping[str, str]) -> Console:
    """The console on this process's own streams; letters they cannot encode are replaced, never fatal."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    return Console(sys.stdout, sys.stderr, environ)
