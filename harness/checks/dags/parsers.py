"""The two parsers, which give the same facts: one stays warm between commands, one answers and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.checks.dag_parser.client import ParserAbsentError, ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.dag_parser.client import Facts
    from harness.checks.dag_parser.session import Session


def ask_running(session: Session, files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Facts]:
    """Ask the running parser.

    Raises:
        ParserAbsentError: there is none, or it went away.
    """
    return ask(session.socket, files, options)


def ask_warm(session: Session, files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Facts]:
    """Ask the running parser, after starting one when there is none; should it fail, ask a cold one.

    Raises:
        HarnessError: no parser can be had at all.
    """
    answered = set()
    for _attempt in range(2):
        waiting = [file for file in files if file not in answered]
        try:
            for facts in ask(session.socket, waiting, options):
                answered.add(facts["file"])
                yield facts
        except ParserAbsentError:
            from harness.checks.dag_parser.start import start_parser
            from harness.errors import HarnessError

            try:
                start_parser(session)
            except HarnessError:
                break
        else:
            return
    yield from ask_cold(session, [file for file in files if file not in answered], options)


def ask_cold(session: Session, files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Facts]:
    """Ask a parser of one's own.

    Raises:
        HarnessError: it failed.
    """
    from harness.checks.dag_parser.start import ask_once

    return ask_once(session, files, options)
