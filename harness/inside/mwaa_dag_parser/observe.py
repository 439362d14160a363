"""Observes what a DAG file does while it is parsed: audit events, reads of the metadata database, warnings.

Nothing is guessed from the source: each entry is an event that happened, with the user's line behind it.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .places import UserCode

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FILE_EVENTS = frozenset(
    {
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.link",
        "os.truncate",
        "os.chmod",
        "os.chown",
        "shutil.copyfile",
        "shutil.move",
        "shutil.rmtree",
        "tempfile.mkstemp",
        "tempfile.mkdtemp",
    }
)
_PROCESS_EVENTS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn"}
)
_NETWORK_EVENTS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_LISTING_EVENTS = frozenset({"os.listdir", "os.scandir"})
_UNREPEATABLE_EVENTS = frozenset({"ctypes.dlopen", "os.putenv", "os.unsetenv"})
_AIRFLOW = re.compile(r"/airflow/|/mwaa_dag_parser/")
_RANDOM_NAME = re.compile(r"(/tmp)[a-z0-9_]{8}(?=/|$|\.)")
_UNREPEATABLE_PLACES = ("/proc/", "/sys/", "/dev/")


class Observer:
    """Collects facts about one file at a time; `install` hooks it into this process for good."""

    def __init__(self, code: UserCode, own_folders: tuple[str, ...]) -> None:
        self.code = code
        self.own_folders = tuple(os.path.join(folder, "") for folder in own_folders)
        self.paused = True
        self.beacon: Callable[[tuple[str, int] | None], None] = _say_nothing
        self.clear()

    def clear(self) -> None:
        """Forget the previous file."""
        self.behaviour: dict[tuple[str, str, str, int], None] = {}
        self.warnings: dict[tuple[str, str, str, int], None] = {}
        self.read_files: set[str] = set()
        self.listed: set[str] = set()
        self.examined: set[str] = set()
        self.imports: set[str] = set()
        self.unrepeatable: set[str] = set()
        self.names: dict[str, tuple[str, int]] = {}

    def note(self, kind: str, detail: str) -> None:
        """Something happened now, on a line of the user's."""
        place = self.code.here(sys._getframe(1))
        if place is not None:
            detail = _RANDOM_NAME.sub(r"\1…", detail)
            self.behaviour[(kind, detail, *place)] = None
        self.unrepeatable.add(kind)

    def install(self) -> None:
        """Start listening; a Python process cannot stop it again."""
        sys.addaudithook(self._hear)
        for name in ("stat", "lstat", "access", "readlink"):
            self._examine(name)

    def _examine(self, name: str) -> None:
        """Remember the paths that a file asks about; `os.stat` and its like raise no audit event."""
        import pathlib

        real = getattr(os, name)

        @functools.wraps(real)
        def recorded(path: Any, *arguments: Any, **options: Any) -> Any:
            if not self.paused and isinstance(path, (str, os.PathLike)):
                self.examined.add(os.path.join(os.getcwd(), os.fspath(path)))
            return real(path, *arguments, **options)

        setattr(os, name, recorded)
        accessor = getattr(pathlib, "_NormalAccessor", None)
        if accessor is not None and hasattr(accessor, name):
            setattr(accessor, name, staticmethod(recorded))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.paused:
            return
        handler = _HANDLERS.get(event)
        if handler is not None:
            self.paused = True
            try:
                handler(self, event, arguments)
            finally:
                self.paused = False

    def _hear_import(self, _event: str, arguments: tuple[Any, ...]) -> None:
        self.imports.add(arguments[0])

    def _hear_open(self, _event: str, arguments: tuple[Any, ...]) -> None:
        path, _mode, flags = arguments
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        name = os.path.join(os.getcwd(), os.fsdecode(path))
        if name.startswith(self.own_folders) or name == os.devnull:
            return
        if isinstance(flags, int) and flags & _WRITING:
            if not name.endswith((".pyc", ".pyo")) and "/__pycache__/" not in name:
                self.note("file-write", name)
            return
        if name.startswith(_UNREPEATABLE_PLACES):
            self.unrepeatable.add("system-file")
        self.read_files.add(name)

    def _hear_listing(self, _event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[0] if arguments[0] is not None else "."
        if isinstance(path, (str, bytes, os.PathLike)):
            self.listed.add(os.path.join(os.getcwd(), os.fsdecode(path)))
        else:
            self.unrepeatable.add("listing")

    def _hear_file(self, event: str, arguments: tuple[Any, ...]) -> None:
        name = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
        if "__pycache__" not in name and not name.startswith(self.own_folders):
            self.note("file-write", f"{event.partition('.')[2]} {name}".strip())

    def _hear_process(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.beacon(self.code.here())
        self.note("process", _process_name(event, arguments))

    def _hear_network(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.note("network", _peer(event, arguments))

    def _hear_database(self, _event: str, _arguments: tuple[Any, ...]) -> None:
        self.note("database", "the metadata database")

    def _hear_unrepeatable(self, event: str, _arguments: tuple[Any, ...]) -> None:
        self.unrepeatable.add(event)

    def _hear_kill(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.beacon(self.code.here())
        self.unrepeatable.add(event)
        if abs(arguments[0]) in {1, os.getppid()}:
            raise PermissionError("a DAG file may not signal the process that parses it")

    def _hear_chdir(self, _event: str, arguments: tuple[Any, ...]) -> None:
        self.note("working-directory", os.fsdecode(arguments[0]) if not isinstance(arguments[0], int) else "")

    def show_warning(
        self, message: Any, category: type[Warning], filename: str, lineno: int, *_rest: Any
    ) -> None:
        """`warnings.showwarning`: note a deprecation when a line of the user's is behind it."""
        if category.__module__.partition(".")[0] not in {"builtins", "airflow"}:
            return
        if not (self.code.owns(filename) or filename.startswith("<frozen") or _AIRFLOW.search(filename)):
            return  # one package warns about another: nothing that the user's line could change
        frame = sys._getframe(1)
        place = (filename, lineno) if self.code.owns(filename) else self.code.here(frame)
        if place is not None:
            self.warnings[(category.__name__, str(message), *place)] = None

    def record_warnings(self) -> None:
        """Have every deprecation reported here; Airflow replaces the hook while it is imported."""
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = self.show_warning  # type: ignore[assignment]

    def facts(self) -> dict[str, Any]:
        """What was seen, in an order that does not depend on the run."""
        return {
            "behaviour": [
                {"kind": kind, "detail": detail, "file": file, "line": line}
                for kind, detail, file, line in sorted(self.behaviour)
            ],
            "warnings": [
                {"category": category, "message": message, "file": file, "line": line}
                for category, message, file, line in sorted(
                    self.warnings, key=lambda w: (w[2], w[3], w[0], w[1])
                )
            ],
        }


_HANDLERS: dict[str, Callable[[Observer, str, tuple[Any, ...]], None]] = {
    "import": Observer._hear_import,
    "open": Observer._hear_open,
    "os.chdir": Observer._hear_chdir,
    "os.kill": Observer._hear_kill,
    "os.killpg": Observer._hear_kill,
    "sqlite3.connect": Observer._hear_database,
    **dict.fromkeys(_LISTING_EVENTS, Observer._hear_listing),
    **dict.fromkeys(_FILE_EVENTS, Observer._hear_file),
    **dict.fromkeys(_PROCESS_EVENTS, Observer._hear_process),
    **dict.fromkeys(_NETWORK_EVENTS, Observer._hear_network),
    **dict.fromkeys(_UNREPEATABLE_EVENTS, Observer._hear_unrepeatable),
}


def _say_nothing(_place: tuple[str, int] | None) -> None:
    """Stand in for the beacon until a child sets it."""


def _process_name(event: str, arguments: tuple[Any, ...]) -> str:
    if event in {"os.fork", "os.forkpty"}:
        return event
    command = arguments[0]
    if event == "subprocess.Popen" and arguments[1]:
        command = arguments[1] if isinstance(arguments[1], (str, bytes)) else arguments[1][0]
    return os.fsdecode(command).split()[0] if isinstance(command, (str, bytes)) and command else event


def _peer(event: str, arguments: tuple[Any, ...]) -> str:
    address = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    if isinstance(address, tuple):
        return f"{address[0]}:{address[1]}"
    return os.fsdecode(address) if isinstance(address, (str, bytes)) else "an address"
