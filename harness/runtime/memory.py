"""How much memory a service costs: proportional set size, so pages shared by forks count once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

_KIB = 1024


def measure_tree(pid: int) -> int | None:
    """Bytes of process `pid` and everything it started; None when it is gone."""
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.Error:
        return None
    return sum(_measure(member) for member in members)


def _measure(process: psutil.Process) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KIB
    with contextlib.suppress(psutil.Error):  # no smaps_rollup here: resident size is the honest upper bound
        return int(process.memory_info().rss)
    return 0
