"""`python -m benchmarks [SUITE …]`: measure against the usual tools, print a table, write JSON.

A suite's figures are written as soon as it ends; those of suites that were not run stay in the file.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, render, write_json

if TYPE_CHECKING:
    from benchmarks.measure import Suite

SUITES = (
    "worker_environment",
    "startup",
    "runs",
    "edits",
    "dag_validation",
    "requirements_check",
    "images",
    "compose",
)
"""Modules of this package; each has a function `measure`, of type `Suite`."""


def load_suite(name: str) -> Suite:
    """The `measure` function of suite `name`, imported only when it is run."""
    suite: Suite = importlib.import_module(f"benchmarks.{name}").measure
    return suite


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help=f"any of: {', '.join(SUITES)} (default: all)"
    )
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results.json", metavar="FILE")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.suites) - set(SUITES))
    if unknown:
        parser.error(f"unknown suite {unknown[0]!r}; there are: {', '.join(SUITES)}")
    # A shell's background job ignores Ctrl-C, and what it starts inherits that; suites end programs with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    everything: list[Measurement] = []
    for name in arguments.suites or SUITES:
        print(f"== {name}", file=sys.stderr)
        measurements: list[Measurement] = []
        with tempfile.TemporaryDirectory(prefix=f"mwaa-bench-{name}-") as scratch:
            for measurement in load_suite(name)(Path(scratch)):
                print(f"   {measurement.name}: {measurement.median:.2f} {measurement.unit}", file=sys.stderr)
                measurements.append(measurement)
        write_json(name, measurements, arguments.json)
        everything += measurements
    print(render(everything))
    print(f"\nWritten to {arguments.json}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
