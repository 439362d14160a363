"""Measurements as values: a figure, what it is compared with in the same run, and the spread."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Measurement:
    """One figure. `baseline` is the usual tool's figure for the same job, measured in the same run."""

    name: str
    unit: str
    samples: tuple[float, ...]
    baseline_name: str = ""
    baseline_samples: tuple[float, ...] = ()
    goal: str = ""
    details: dict[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def baseline(self) -> float | None:
        return statistics.median(self.baseline_samples) if self.baseline_samples else None

    @property
    def ratio(self) -> float | None:
        """Ours divided by the usual tool's; below 1 is better."""
        return self.median / self.baseline if self.baseline else None


Suite = Callable[[Path], Iterator[Measurement]]
"""Measures in the scratch folder it is given."""


class Stopwatch:
    """Seconds between entering and leaving."""

    seconds = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    watch = Stopwatch()
    started = time.monotonic()
    try:
        yield watch
    finally:
        watch.seconds = time.monotonic() - started


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0 to 1) of all samples do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def tree_pss(pid: int) -> int:
    """Proportional set size, in bytes, of process `pid` and everything below it."""
    root = psutil.Process(pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def render(measurements: Sequence[Measurement]) -> str:
    """A table for people."""
    rows = [("what", "median", "min-max", "usual tool", "ratio", "goal")]
    for item in measurements:
        spread = f"{min(item.samples):.2f}-{max(item.samples):.2f}" if len(item.samples) > 1 else ""
        baseline = f"{item.baseline:.2f} {item.unit} ({item.baseline_name})" if item.baseline else ""
        ratio = f"{item.ratio:.3f}" if item.ratio is not None else ""
        rows.append((item.name, f"{item.median:.2f} {item.unit}", spread, baseline, ratio, item.goal))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def write_json(suite: str, measurements: Sequence[Measurement], path: Path) -> None:
    """What `suite` measured, with the machine it was measured on; other suites' figures stay as they are."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["suites"]
    except (OSError, ValueError, KeyError, TypeError):
        kept = {}
    kept[suite] = {
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "cores": psutil.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "platform": platform.platform(),
            "python": platform.python_version(),
        },
        "measurements": [
            {**asdict(item), "median": item.median, "baseline": item.baseline, "ratio": item.ratio}
            for item in measurements
        ],
    }
    document = {"suites": dict(sorted(kept.items()))}
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
