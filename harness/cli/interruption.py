"""Signals as exceptions, so that whatever was started is stopped by the code that started it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import TerminationRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cli.console import Console

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(console: Console) -> Iterator[None]:
    """Raise `KeyboardInterrupt` on Ctrl-C, `TerminationRequest` on TERM and HUP.

    The second signal only warns, so that cleaning up comes to its end; a third one raises again.

    A signal that the caller has set to be ignored (`nohup`, background jobs) stays ignored.
    """
    received = 0

    def handle(number: int, _frame: Any) -> None:
        nonlocal received
        received += 1
        if received == 2:  # noqa: PLR2004 - the clean-up that the first one began is worth finishing
            console.error("still stopping what was started; once more abandons that")
            return
        raise KeyboardInterrupt if number == signal.SIGINT else TerminationRequest

    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    caught = [number for number, handler in previous.items() if handler is not signal.SIG_IGN]
    for number in caught:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, previous[number])
