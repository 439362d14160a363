"""How long the images take: from nothing, unchanged, and after a change of one requirement; what they weigh.

"From nothing" is measured on an engine of its own, without images and caches; that needs root and dockerd.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, stopwatch
from benchmarks.scratch import make_project
from tests.docker.own_engine import own_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

UNCHANGED_RUNS = 3
CONSTRAINT = "https://raw.githubusercontent.com/apache/airflow/constraints-2.5.1/constraints-3.10.txt"
MEGABYTE = 10**6


def measure(scratch: Path) -> Iterator[Measurement]:
    project = make_project(scratch / "project", {})
    requirements = project / "requirements/requirements.txt"
    requirements.parent.mkdir()
    with own_engine() as engine:
        environ = engine.environ(os.environ)
        first = _images(project, environ)
        unchanged = tuple(_images(project, environ) for _ in range(UNCHANGED_RUNS))
        lines = [f'--constraint "{CONSTRAINT}"', "cowsay==6.1"]
        requirements.write_text("\n".join(lines), encoding="utf-8")
        _images(project, environ)
        requirements.write_text("\n".join([*lines, "humanize==4.4.0"]), encoding="utf-8")
        changed = _images(project, environ)
        sizes = _sizes(project, environ)
        layers = _layers("mwaa-harness/airflow:2.5.1", environ)
    yield Measurement("images, from nothing", "s", (first,), goal="<= 90 s")
    yield Measurement("images, unchanged", "s", unchanged, goal="<= 2 s")
    yield Measurement("images, one requirement changed", "s", (changed,), goal="<= 15 s")
    airflow = sizes["mwaa-harness/airflow:2.5.1"] / MEGABYTE
    yield Measurement("Airflow image", "MB", (airflow,), goal="<= 800 MB", details=layers)


def _images(project: Path, environ: Mapping[str, str]) -> float:
    command = [sys.executable, "-m", "harness", "--project", str(project), "images"]
    with stopwatch() as watch:
        subprocess.run(command, check=True, env=environ, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    return watch.seconds


def _sizes(project: Path, environ: Mapping[str, str]) -> dict[str, int]:
    command = [sys.executable, "-m", "harness", "--project", str(project), "images", "--json"]
    done = subprocess.run(command, check=True, env=environ, capture_output=True, text=True)
    return {entry["reference"]: entry["size_bytes"] for entry in json.loads(done.stdout)}


def _layers(image: str, environ: Mapping[str, str]) -> dict[str, float]:
    """Megabytes by what made the layer."""
    command = ["docker", "history", "--no-trunc", "--human=false", "--format", "{{json .}}", image]
    done = subprocess.run(command, check=True, env=environ, capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    sizes = {str(row["CreatedBy"])[:120]: int(row["Size"]) / MEGABYTE for row in rows}
    return {made_by: size for made_by, size in sizes.items() if size >= 1}
