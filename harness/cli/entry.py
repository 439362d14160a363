"""Where the command starts. What hooks run on every save takes a way of its own that imports almost nothing.

The quick way answers `check dags [FILES…]` in text from a remembered session, and `check requirements [FILE]`
from the kept verdict; whatever is unusual (another option, another format, no session, no verdict, a finding
of the environment) takes the usual way through `cli.main`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.checks.dag_parser.session import Session

_MARKS = ("mwaa.toml", ".mwaa")


def main() -> int:
    """Run this process's command line and return its exit status."""
    arguments = sys.argv[1:]
    quick = _QUICK.get(" ".join(arguments[:2]))
    if quick is not None and not any(word.startswith("-") for word in arguments):
        try:
            status = quick(arguments[2:])
        except KeyboardInterrupt:
            return 130
        except OSError:
            status = None
        if status is not None:
            return status
    from harness.cli.main import main as main_in_full  # noqa: PLC0415 -- takes longer than a check

    return main_in_full()


def check_quickly(paths: Sequence[str]) -> int | None:
    """Check DAG files with the remembered session; None when that cannot be done."""
    from harness.checks.dag_parser.session import recall_session  # noqa: PLC0415 -- only checks need it

    root = _find_root(os.getcwd())
    session = None if root is None else recall_session(root, os.environ)
    if root is None or session is None:
        return None
    return _check(root, session, paths)


def _check(root: str, session: Session, paths: Sequence[str]) -> int | None:
    from pathlib import Path  # noqa: PLC0415 -- only checks need it

    from harness.checks.dag_parser.session import absolute  # noqa: PLC0415 -- as above
    from harness.checks.dags.parsers import ask_warm  # noqa: PLC0415 -- as above
    from harness.checks.dags.verdicts import Question, check_dags  # noqa: PLC0415 -- as above
    from harness.cli.quick_output import QuickProgress, write_report  # noqa: PLC0415 -- as above
    from harness.errors import HarnessError  # noqa: PLC0415 -- as above

    named = tuple(absolute(paths, os.getcwd()))
    if not all(os.path.exists(path) for path in named):
        return None
    progress = QuickProgress()
    try:
        result = check_dags(session, Question(root, named), ask_warm, progress.show)
    except HarnessError:
        return None  # the usual way says what is the matter
    finally:
        progress.clear()
    return write_report(result, Path(root))


def recall_requirements(named: Sequence[str]) -> int | None:
    """Repeat the kept verdict on a requirements file; None when there is none that still holds."""
    root = _find_root(os.getcwd())
    if root is None or len(named) > 1:
        return None
    from pathlib import Path  # noqa: PLC0415 -- only checks need it

    from harness.checks.requirements.verdict_cache import load_verdict, locate_verdict  # noqa: PLC0415 -- as above
    from harness.cli.quick_output import write_report  # noqa: PLC0415 -- as above

    file = os.path.realpath(named[0]) if named else ""
    place = locate_verdict(Path(root), file, os.environ)
    result = load_verdict(place)
    return None if result is None else write_report(result, Path(root))


def _find_root(folder: str) -> str | None:
    while True:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in _MARKS):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


_QUICK = {"check dags": check_quickly, "check requirements": recall_requirements}


if __name__ == "__main__":
    sys.exit(main())
