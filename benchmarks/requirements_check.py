"""How long a verdict on requirements.txt takes, beside `pip install --dry-run` and bare `uv pip compile`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from benchmarks.measure import Measurement, stopwatch
from harness.workerenv.interpreters import find_interpreter
from harness.workerenv.matrix import support_row
from harness.workerenv.packager import create_arguments, find_packager, sync_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator


RUNS = 3
LINES = (
    "apache-airflow-providers-snowflake==4.0.2",
    "snowflake-connector-python==2.9.0",
    "snowflake-sqlalchemy",
    "pandas",
    "pyarrow==9.0.0",
)
CHANGES = ("pyarrow", "pyarrow<9", "xmltodict==0.13.0")
CONFLICT = ("dbt-core==1.3.2",)
LONG = 300


@dataclass(frozen=True)
class Bench:
    """A scratch folder with a project, the base environment for pip, and package caches of its own."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def file(self) -> Path:
        return self.project / "requirements" / "requirements.txt"

    @property
    def pip_python(self) -> Path:
        return self.folder / "base" / "bin" / "python"

    def prepare(self) -> None:
        self.file.parent.mkdir(parents=True)
        (self.project / "mwaa.toml").write_text("", "utf-8")
        environ, row = dict(os.environ), support_row("2.5.1")
        packager = find_packager(environ)
        interpreter = find_interpreter(row.python_series, environ)
        packager.check(
            create_arguments(interpreter.path, self.folder / "base"), "creating the base environment"
        )
        packager.check(sync_arguments(self.pip_python, row.base_lock), "installing the base set")

    def write(self, lines: tuple[str, ...]) -> None:
        """The same lines for everybody: the official constraints for us, a local copy for the others."""
        row = support_row("2.5.1")
        text = "".join(f"{line}\n" for line in lines)
        self.file.write_text(f'--constraint "{row.constraints_url}"\n{text}', "utf-8")
        (self.folder / "plain.txt").write_text(f"-c {row.constraints_file}\n{text}", "utf-8")

    def forget(self, *caches: str) -> None:
        """Empty caches; what is measured next starts from nothing."""
        for path in (self.project / ".mwaa", *(self.folder / cache for cache in caches)):
            shutil.rmtree(path, ignore_errors=True)

    def check(self, *flags: str) -> float:
        command = [sys.executable, "-m", "harness", "check", "requirements", *flags]
        return self._time(command, cwd=self.project, UV_CACHE_DIR=str(self.folder / "uv-ours"))

    def uv(self) -> float:
        row = support_row("2.5.1")
        command = [uv.find_uv_bin(), "pip", "compile", "--quiet", "plain.txt", "-o", "plain.lock"]
        command += ["--python-version", row.python_series, "--python", str(self.pip_python)]
        (self.folder / "plain.lock").unlink(missing_ok=True)
        return self._time(command, cwd=self.folder, UV_CACHE_DIR=str(self.folder / "uv-bare"))

    def pip(self) -> float:
        command = [str(self.pip_python), "-m", "pip", "install", "--dry-run", "--quiet", "-r", "plain.txt"]
        return self._time(command, cwd=self.folder, PIP_CACHE_DIR=str(self.folder / "pip-cache"))

    def _time(self, command: list[str], cwd: Path, **variables: str) -> float:
        with stopwatch() as watch:
            subprocess.run(
                command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, check=False
            )
        return watch.seconds


def measure(scratch: Path) -> Iterator[Measurement]:
    bench = Bench(scratch)
    bench.prepare()
    bench.write(LINES)
    pip_cold = (bench.pip(),)
    uv_cold, ours_cold = [], []
    for _ in range(RUNS):
        bench.forget("uv-bare")
        uv_cold.append(bench.uv())
        bench.forget("uv-ours")
        ours_cold.append(bench.check())
    cold = tuple(ours_cold)
    yield Measurement("first verdict, nothing cached", "s", cold, "pip --dry-run", pip_cold, goal="<= 1/12")
    yield Measurement(
        "first verdict, nothing cached", "s", cold, "uv pip compile", tuple(uv_cold), goal="<= 1.3"
    )
    pip_warm = (bench.pip(),)
    uv_warm = tuple(bench.uv() for _ in range(RUNS))
    warm = tuple(bench.check("--refresh") for _ in range(RUNS))
    yield Measurement("first verdict, index cached", "s", warm, "pip --dry-run", pip_warm, goal="<= 1/12")
    yield Measurement("first verdict, index cached", "s", warm, "uv pip compile", uv_warm, goal="<= 1.3")
    unchanged = tuple(bench.check() for _ in range(RUNS * 3))
    yield Measurement(
        "unchanged verdict, whole command", "s", unchanged, "pip --dry-run", pip_warm, "<= 0.2 s"
    )
    ours, theirs = [], []
    for line in CHANGES:
        bench.write((*LINES[:-1], line))
        ours.append(bench.check())
        theirs.append(bench.uv())
    yield Measurement("one line changed", "s", tuple(ours), "uv pip compile", tuple(theirs), goal="<= 3 s")
    yield from _measure_conflict(bench)
    bench.write(long_lines())
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(bench.check("--refresh"))
        theirs.append(bench.uv())
    name = f"{LONG} lines, index cached"
    yield Measurement(name, "s", tuple(ours), "uv pip compile", tuple(theirs), goal="<= 3 s")


def _measure_conflict(bench: Bench) -> Iterator[Measurement]:
    """The others only say that it does not resolve; ours also names the chain and the nearest fix."""
    bench.write(CONFLICT)
    ours, pip, bare = [], [], []
    for _ in range(RUNS):
        bench.forget("uv-ours", "pip-cache", "uv-bare")
        ours.append(bench.check())
        pip.append(bench.pip())
        bare.append(bench.uv())
    name, cold = "conflict explained, fix proposed, nothing cached", tuple(ours)
    yield Measurement(name, "s", cold, "pip --dry-run", tuple(pip))
    yield Measurement(name, "s", cold, "uv pip compile", tuple(bare))
    again = tuple(bench.check("--refresh") for _ in range(RUNS))
    yield Measurement("conflict explained, fix proposed, index cached", "s", again)


def long_lines() -> tuple[str, ...]:
    """A long file as files get long: every package that there is pinned, with a comment above each."""
    row = support_row("2.5.1")
    pins = [line for line in row.base_lock.read_text("utf-8").splitlines() if not line.startswith("#")]
    commented = [part for pin in pins for part in (f"# why {pin}", pin)]
    return tuple([*commented, *LINES][-LONG:])
