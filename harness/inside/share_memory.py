"""Let forked processes share what their parent had loaded. Standard library only.

A collection of garbage writes to every object it looks at, and what is written is copied into each child.
So what was loaded before the first fork is set apart from collections: it would not be freed anyway.
"""

from __future__ import annotations

import gc
import os

_done = []


def share_before_first_fork() -> None:
    """Arrange it for this process; children inherit that it was done."""
    os.register_at_fork(before=_freeze)


def _freeze() -> None:
    if not _done:
        _done.append(True)
        gc.collect()
        gc.freeze()
