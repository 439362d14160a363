"""Tables and live progress on a terminal. Imported only where there is one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console as RichConsole
from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from harness.cli.plain_progress import describe_finish, describe_step
from harness.events import Notice, StepFailed, StepFinished, StepProgressed, StepStarted, Warned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.events import Event, EventSink

_STATE_STYLES = {
    "ready": "green",
    "ok": "green",
    "running": "cyan",
    "starting": "cyan",
    "warn": "yellow",
    "backing-off": "yellow",
    "failed": "red",
    "missing": "red",
}


def print_table(
    stream: TextIO, headings: Sequence[str], rows: Sequence[Sequence[str]], *, colour: bool
) -> None:
    """Print a table whose words of state are coloured."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STATE_STYLES.get(cell, "")) for cell in row))
    _rich_console(stream, colour=colour).print(table)


@contextmanager
def live_progress(stream: TextIO, *, colour: bool) -> Iterator[EventSink]:
    """A sink that shows the running steps with spinners, and what is finished as lines above them."""
    console = _rich_console(stream, colour=colour)
    with Live(console=console, transient=True, refresh_per_second=10) as live:
        yield _LiveSteps(live)


class _LiveSteps:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._running: dict[str, Spinner] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case Notice(text):
                self._live.console.print(Text(text))
            case Warned(text):
                self._live.console.print(Text(f"warning: {text}", style="yellow"))
            case StepStarted(step, detail):
                self._running[step] = Spinner("dots", Text(describe_step(step, detail)))
            case StepProgressed(step, detail):
                spinner = self._running.setdefault(step, Spinner("dots"))
                spinner.update(text=Text(describe_step(step, detail)))
            case StepFinished(step, detail, seconds):
                self._end(step, Text.assemble(("✓ ", "green"), describe_finish(step, detail, seconds)))
            case StepFailed(step, detail):
                self._end(step, Text.assemble(("✗ ", "red"), describe_step(step, detail)))
        self._live.update(Group(*self._running.values()))

    def _end(self, step: str, line: Text) -> None:
        self._running.pop(step, None)
        self._live.console.print(line)


def _rich_console(stream: TextIO, *, colour: bool) -> RichConsole:
    return RichConsole(file=stream, no_color=not colour, highlight=False, markup=False, soft_wrap=False)
