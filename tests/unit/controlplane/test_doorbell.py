from __future__ import annotations

import signal
import threading

from harness.controlplane.doorbell import Doorbell


def test_it_says_whether_it_rang() -> None:
    bell = Doorbell()
    assert not bell.wait(0)
    bell.ring()
    bell.ring()
    assert bell.wait(60)
    assert not bell.wait(0)


def test_another_thread_wakes_it() -> None:
    bell = Doorbell()
    threading.Timer(0.05, bell.ring).start()
    assert bell.wait(60)


def test_a_signal_handler_may_stop_it() -> None:
    bell = Doorbell()
    before = signal.signal(signal.SIGUSR1, lambda *_: bell.stop())
    try:
        signal.raise_signal(signal.SIGUSR1)
        assert bell.wait(60)
        assert bell.is_stopped
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_ringing_without_end_does_not_block() -> None:
    bell = Doorbell()
    for _ in range(100_000):
        bell.ring()
    assert bell.wait(0)
