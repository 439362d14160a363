"""Wakes the loop: safe to ring from a signal handler and from any thread."""

from __future__ import annotations

import contextlib
import os
import select


class Doorbell:
    """A pipe to oneself; `wait` returns early when it rang."""

    def __init__(self) -> None:
        self._outside, self._inside = os.pipe()
        os.set_blocking(self._outside, False)
        os.set_blocking(self._inside, False)
        self.is_stopped = False

    def ring(self) -> None:
        """Something changed."""
        with contextlib.suppress(BlockingIOError):  # it rings already
            os.write(self._inside, b"!")

    def stop(self) -> None:
        """End the loop."""
        self.is_stopped = True
        self.ring()

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most `seconds`; whether it rang."""
        readable, _, _ = select.select([self._outside], [], [], max(seconds, 0.0))
        if readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._outside, 4096)
        return bool(readable)
