"""What this machine has and lacks for the harness: one line each, with the fix. Changes nothing."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.model import LocalSettings
from harness.errors import HarnessError
from harness.process import CommandError
from harness.project.layout import Project
from harness.runtime.docker_engine import ask_docker
from harness.runtime.home_binding import MWAA_HOME, probe_home_binding
from harness.runtime.ports import find_holder, is_free
from harness.workerenv.interpreters import find_interpreter, setting_name
from harness.workerenv.packager import explanation, find_packager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_GIB = 1024**3
_DISK_NEEDED = 4 * _GIB
_SHARED_MEMORY_NEEDED = 256 * 1024**2
_INDEX_PROBE = "pip"  # a small project that every index has
_INDEX_SECONDS = 30.0


class Level(Enum):
    """How good an aspect is; `MISSING` means something will not work."""

    OK = "ok"
    WARN = "warn"
    MISSING = "missing"


@dataclass(frozen=True)
class Aspect:
    """One thing about the machine: what was found, and the fix when it is not as it should be."""

    name: str
    level: Level
    found: str
    fix: str = ""


class Network(Enum):
    """Whether the network may be asked."""

    ASK = "ask"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Circumstances:
    """What the examination starts from."""

    project: Project
    local: LocalSettings
    environ: Mapping[str, str]
    network: Network
    running: frozenset[int]  # ports that this project's own services hold


def examine_machine(circumstances: Circumstances) -> Iterator[Aspect]:
    """Every aspect in turn; the quick ones first."""
    for examine in EXAMINATIONS:
        yield from examine(circumstances)


def _harness(_: Circumstances) -> Iterator[Aspect]:
    python = f"CPython {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    yield Aspect("mwaa-harness", Level.OK, f"{metadata.version('mwaa-harness')} on {python}, {sys.platform}")


def _interpreters(circumstances: Circumstances) -> Iterator[Aspect]:
    # A download is for `up` to make, not for an examination.
    environ = {**circumstances.environ, "UV_PYTHON_DOWNLOADS": "never"}
    for series, user in (("3.10", "worker environment"), ("3.11", "LocalStack")):
        name = f"CPython {series}"
        try:
            found = find_interpreter(series, environ)
        except HarnessError as error:
            fix = f"install CPython {series}, or point {setting_name(series)} at one; `up` tries a download"
            yield Aspect(name, Level.WARN, f"not found, for the {user}: {error.message.splitlines()[0]}", fix)
        else:
            yield Aspect(name, Level.OK, f"{found.version} at {found.path} ({found.origin}), for the {user}")


def _packager(circumstances: Circumstances) -> Iterator[Aspect]:
    try:
        done = find_packager(circumstances.environ).run(("--version",))
    except HarnessError as error:
        yield Aspect(
            "uv", Level.MISSING, error.message, "reinstall mwaa-harness: uv is one of its dependencies"
        )
    else:
        yield Aspect("uv", Level.OK, done.stdout.strip())


def _docker(circumstances: Circumstances) -> Iterator[Aspect]:
    answer = ask_docker(circumstances.environ)
    if answer.engine and answer.compose:
        yield Aspect("Docker", Level.OK, f"engine {answer.engine}, Compose {answer.compose}")
    else:
        fix = "not needed: the native runtime does without"
        yield Aspect("Docker", Level.OK, f"{answer.reason}", fix)


def _home(_: Circumstances) -> Iterator[Aspect]:
    binding = probe_home_binding()
    if binding.works:
        yield Aspect(MWAA_HOME, Level.OK, "each component sees its own folder there, as on MWAA")
        return
    fix = "as root, or with unprivileged user namespaces (Linux), paths equal MWAA's"
    yield Aspect(MWAA_HOME, Level.WARN, f"AIRFLOW_HOME is another folder here: {binding.reason}", fix)


def _disk(circumstances: Circumstances) -> Iterator[Aspect]:
    root = circumstances.project.root
    free = shutil.disk_usage(root).free
    level = Level.OK if free >= _DISK_NEEDED else Level.WARN
    fix = (
        "" if level is Level.OK else "a worker environment and its services take about 2 GiB; free some space"
    )
    yield Aspect("disk space", level, f"{free / _GIB:.1f} GiB free at {root}", fix)


def _shared_memory(_: Circumstances) -> Iterator[Aspect]:
    folder = Path("/dev/shm")  # noqa: S108 - its size is asked, nothing is put there
    if not folder.is_dir():
        if sys.platform.startswith("linux"):
            yield Aspect(
                "shared memory",
                Level.MISSING,
                f"{folder} is missing",
                "mount a tmpfs there: PostgreSQL needs it",
            )
        return
    free = shutil.disk_usage(folder).free
    level = Level.OK if free >= _SHARED_MEMORY_NEEDED else Level.WARN
    fix = "" if level is Level.OK else "in a container: --shm-size=1g; PostgreSQL's parallel queries need it"
    yield Aspect("shared memory", level, f"{free / 1024**2:.0f} MiB free in {folder}", fix)


def _write_access(circumstances: Circumstances) -> Iterator[Aspect]:
    state = circumstances.project.state.root
    folder = state if state.is_dir() else circumstances.project.root
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield Aspect(
            "project folder",
            Level.MISSING,
            f"{folder} cannot be written: {error.strerror}",
            "make it writable",
        )
    else:
        yield Aspect("project folder", Level.OK, f"{folder} can be written")


def _ports(circumstances: Circumstances) -> Iterator[Aspect]:
    local = circumstances.local
    configured = {
        "webserver_port": local.webserver_port,
        "localstack_port": local.localstack_port,
        "postgres_port": local.postgres_port,
    }
    for setting, port in configured.items():
        if port == 0:
            continue
        name = f"port {port}"
        if port in circumstances.running:
            yield Aspect(name, Level.OK, f"{setting}: held by this project's own environment")
        elif is_free(port):
            yield Aspect(name, Level.OK, f"{setting}: free")
        else:
            holder = find_holder(port) or "a process of another user"
            yield Aspect(
                name, Level.MISSING, f"{setting}: taken by {holder}", f"stop it, or set local.{setting} = 0"
            )


def _package_index(circumstances: Circumstances) -> Iterator[Aspect]:
    if circumstances.network is Network.OFFLINE:
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            wish = Path(folder, "wish.in")
            wish.write_text(_INDEX_PROBE, encoding="utf-8")
            command = ("pip", "compile", "--no-deps", "--quiet", "--refresh-package", _INDEX_PROBE, wish)
            done = find_packager(circumstances.environ).run(command, timeout=_INDEX_SECONDS)
    except CommandError as error:
        yield Aspect("package index", Level.WARN, error.message, _INDEX_FIX)
        return
    if done.exit_status == 0:
        yield Aspect("package index", Level.OK, "answers")
    else:
        reason = next(iter(explanation(done)), "no reason given")
        yield Aspect("package index", Level.WARN, f"does not answer: {reason}", _INDEX_FIX)


_INDEX_FIX = "check the network, UV_INDEX_URL or PIP_INDEX_URL, and SSL_CERT_FILE where TLS is inspected"
EXAMINATIONS: tuple[Callable[[Circumstances], Iterator[Aspect]], ...] = (
    _harness,
    _interpreters,
    _packager,
    _docker,
    _home,
    _disk,
    _shared_memory,
    _write_access,
    _ports,
    _package_index,
)
