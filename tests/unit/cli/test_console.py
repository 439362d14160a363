from __future__ import annotations

import io

from harness.cli.console import Console, Style, Verbosity
from harness.cli.plain_progress import PlainProgress
from harness.events import (
    Event,
    Notice,
    StepFailed,
    StepFinished,
    StepProgressed,
    StepStarted,
    Warned,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


EVENTS: tuple[Event, ...] = (
    Notice("runtime: native"),
    StepStarted("postgres"),
    StepProgressed("postgres", "starting"),
    Warned("the disk is nearly full"),
    StepFinished("postgres", "answers", 1.26),
    StepStarted("worker", "CPython 3.10"),
    StepFailed("worker", "it ended"),
)


def emit(stderr: io.StringIO, verbosity: Verbosity, **environ: str) -> str:
    console = Console(io.StringIO(), stderr, environ, verbosity)
    with console.progress() as events:
        for event in EVENTS:
            events(event)
    return stderr.getvalue()


def test_data_goes_to_stdout_and_conversation_to_stderr() -> None:
    stdout, stderr = io.StringIO(), io.StringIO()
    console = Console(stdout, stderr, {})

    console.data("answer")
    console.json({"ö": 1})
    console.table(("name", "state"), [("scheduler", "ready"), ("x", "-")])
    console.say("talk")

    assert stdout.getvalue() == 'answer\n{\n  "ö": 1\n}\nNAME       STATE\nscheduler  ready\nx          -\n'
    assert stderr.getvalue() == "talk\n"


def test_quiet_leaves_warnings_and_errors_alone() -> None:
    stderr = io.StringIO()
    console = Console(io.StringIO(), stderr, {}, Verbosity.QUIET)
    console.say("talk")
    console.error("error: no")

    assert stderr.getvalue() == "error: no\n"
    assert emit(io.StringIO(), Verbosity.QUIET) == "warning: the disk is nearly full\n"


def test_without_a_terminal_each_step_is_a_line_with_the_elapsed_time() -> None:
    clock = iter(float(second) for second in range(20))
    progress = PlainProgress(details=False, clock=lambda: next(clock))

    lines = [line for event in EVENTS for line in progress.lines(event)]

    assert lines == [
        "runtime: native",
        "[   1.0 s] postgres ...",
        "warning: the disk is nearly full",
        "[   2.0 s] postgres: answers (1.3 s)",
        "[   3.0 s] worker: CPython 3.10 ...",
        "[   4.0 s] worker: it ended: failed",
    ]


def test_verbose_adds_the_states_in_between() -> None:
    assert "postgres: starting\n" in emit(io.StringIO(), Verbosity.VERBOSE)


def test_on_a_terminal_finished_steps_stay_as_lines() -> None:
    shown = emit(Terminal(), Verbosity.NORMAL, TERM="xterm")

    assert "✓" in shown
    assert "postgres: answers (1.3 s)" in shown
    assert "✗" in shown


def test_a_terminal_that_wants_no_colour_gets_none() -> None:
    terminal = Terminal()
    assert Console(terminal, terminal, {"TERM": "xterm", "NO_COLOR": "1"}).paint("a", Style.RED) == "a"
    assert Console(terminal, terminal, {"TERM": "xterm"}).paint("a", Style.RED) == "\x1b[31ma\x1b[0m"
    assert Console(terminal, terminal, {"TERM": "dumb"}).paint("a", Style.RED) == "a"
    assert "\x1b[3" not in emit(Terminal(), Verbosity.NORMAL, TERM="xterm", NO_COLOR="1")


def test_a_table_on_a_terminal_holds_every_cell() -> None:
    terminal = Terminal()
    Console(terminal, terminal, {"TERM": "xterm"}).table(("service", "state"), [("worker-1", "ready")])

    assert "worker-1" in terminal.getvalue()
    assert "ready" in terminal.getvalue()
