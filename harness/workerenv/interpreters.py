"""Finding a CPython of a given series that really runs: settings, PATH, pyenv, uv, then a download."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError, UsageError
from harness.events import StepProgressed, ignore_events
from harness.process import CommandError, capture
from harness.workerenv.packager import explanation, find_packager

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.events import EventSink

# Airflow needs all of these; a CPython compiled on a machine without the headers lacks some.
_PROBE = """
import json, platform, sys
import ctypes, hashlib, sqlite3, ssl, zlib
print(json.dumps([platform.python_implementation(), platform.python_version(), sys.executable]))
"""
_PROBE_SECONDS = 20
_DOWNLOAD_SECONDS = 300


@dataclass(frozen=True)
class Interpreter:
    """A CPython that answered. `origin` says where it was found, for people."""

    path: Path
    version: str
    origin: str


@dataclass(frozen=True)
class _Rejected:
    path: Path
    reason: str


def setting_name(series: str) -> str:
    """The environment variable that names the interpreter of `series`."""
    return f"MWAA_HARNESS_PYTHON{series.replace('.', '')}"


def find_interpreter(
    series: str, environ: Mapping[str, str], events: EventSink = ignore_events
) -> Interpreter:
    """A CPython of `series`, e.g. "3.10".

    Raises:
        UsageError: there is none; says what was looked at and what to install.
    """
    return find_interpreter_among((series,), environ, events)


def find_interpreter_among(
    choice: Sequence[str], environ: Mapping[str, str], events: EventSink = ignore_events
) -> Interpreter:
    """A CPython of the first series in `choice` that this machine has, else a downloaded one.

    Raises:
        UsageError: there is none; says what was looked at and what to install.
    """
    rejected: list[_Rejected] = []
    for series in choice:
        if configured := environ.get(setting_name(series)):
            return _configured(series, Path(configured).expanduser(), environ)
    for series in choice:
        for path, origin in _candidates(series, environ):
            found = _examine(path, series, origin, environ)
            if isinstance(found, Interpreter):
                return found
            rejected.append(found)
    for series in choice:
        found = _download(series, environ, events)
        if isinstance(found, Interpreter):
            return found
        rejected.append(found)
    raise _not_found(choice, rejected)


def _configured(series: str, path: Path, environ: Mapping[str, str]) -> Interpreter:
    found = _examine(path, series, setting_name(series), environ)
    if isinstance(found, Interpreter):
        return found
    raise UsageError(
        f"{setting_name(series)} names {path}, which is not a usable CPython {series}: {found.reason}",
        hint=f"point it at a CPython {series}, or unset it to let the harness look",
    )


def _candidates(series: str, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if series == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield Path(getattr(sys, "_base_executable", sys.executable)), "the harness's own"
    for folder in environ.get("PATH", "").split(":"):
        path = Path(folder) / f"python{series}"
        if folder and path.is_file():
            yield path, "PATH"
    yield from ((path, "pyenv") for path in _pyenv_interpreters(series, environ))
    for prefix in ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"):
        path = Path(prefix) / f"python{series}"
        if path.is_file():
            yield path, prefix
    if managed := _uv_managed(series, environ):
        yield managed, "uv"


def _pyenv_interpreters(series: str, environ: Mapping[str, str]) -> Iterator[Path]:
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv")
    versions = [
        (int(patch), folder)
        for folder in root.glob(f"versions/{series}.*")
        if (patch := folder.name.removeprefix(f"{series}.")).isdigit()
    ]
    for _, folder in sorted(versions, reverse=True):
        yield folder / "bin" / "python"


def _uv_managed(series: str, environ: Mapping[str, str]) -> Path | None:
    done = find_packager(environ).run(
        ("python", "find", "--no-project", "--managed-python", "--no-python-downloads", series)
    )
    return Path(done.stdout.strip()) if done.exit_status == 0 else None


def _examine(path: Path, series: str, origin: str, environ: Mapping[str, str]) -> Interpreter | _Rejected:
    try:
        done = capture([path, "-I", "-c", _PROBE], env=_quiet(environ), timeout=_PROBE_SECONDS)
    except CommandError as error:
        return _Rejected(path, error.message)
    if done.exit_status != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        return _Rejected(path, said[-1] if said else f"it ended with exit status {done.exit_status}")
    try:
        implementation, version, executable = json.loads(done.stdout)
    except ValueError:
        return _Rejected(path, "it did not answer like a Python interpreter")
    if implementation != "CPython" or not str(version).startswith(f"{series}."):
        return _Rejected(path, f"it is {implementation} {version}")
    return Interpreter(Path(executable), version, origin)


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    passed = ("PATH", "HOME", "LANG", "PYENV_ROOT", "LD_LIBRARY_PATH")
    return {name: environ[name] for name in passed if name in environ}


def _download(series: str, environ: Mapping[str, str], events: EventSink) -> Interpreter | _Rejected:
    packager = find_packager(environ)
    target = Path(f"uv python install {series}")
    if environ.get("UV_PYTHON_DOWNLOADS") == "never":
        return _Rejected(target, "UV_PYTHON_DOWNLOADS=never forbids downloads")
    events(StepProgressed("interpreter", f"no CPython {series} on this machine; downloading one with uv"))
    try:
        done = packager.run(("python", "install", "--no-bin", series), timeout=_DOWNLOAD_SECONDS)
    except CommandError as error:
        return _Rejected(target, error.message)
    if done.exit_status != 0:
        return _Rejected(target, " ".join(explanation(done)[:3]) or "it failed")
    managed = _uv_managed(series, environ)
    if managed is None:
        return _Rejected(target, "it installed nothing that can be found")
    return _examine(managed, series, "uv", environ)


def _not_found(choice: Sequence[str], rejected: Sequence[_Rejected]) -> HarnessError:
    series = choice[0]
    names = " or ".join(choice)
    return UsageError(
        f"no CPython {names} was found on this machine, and none could be downloaded",
        hint=(
            f"install one: `pyenv install {series}`, `uv python install {series}`, "
            f"`apt-get install python{series} python{series}-venv` (Debian, Ubuntu with deadsnakes), "
            f"`dnf install python{series}` or `brew install python@{series}`; "
            f"or set {setting_name(series)} to the path of one"
        ),
        evidence=tuple(f"{entry.path}: {entry.reason}" for entry in rejected),
    )
