"""Copying an installed CPython into a root file system: the program, its standard library, its libraries."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.process import capture, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.workerenv.interpreters import Interpreter

_PROBE = """
import json, sys, sysconfig
print(json.dumps([sys.executable, sysconfig.get_path("stdlib"), sysconfig.get_config_var("LIBDIR")]))
"""
# Of no use to a program that runs; half of an installation's size.
_LEFT_OUT = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "site-packages",
    "dist-packages",
    "*.a",
    "*.opt-?.pyc",
)
_RESOLVED = re.compile(r"^\s*(\S+) => (/\S+) \(0x")
_C_LIBRARY = re.compile(r"^(ld-linux.*|lib(c|m|dl|pthread|rt|util|resolv)\.so\..*)$")


def copy_interpreter(interpreter: Interpreter, root: Path, environ: Mapping[str, str]) -> None:
    """Copy `interpreter` to /usr/local below `root`, with the shared libraries that `root` lacks.

    Raises:
        CommandError: the interpreter does not run.
    """
    answer = check([interpreter.path, "-I", "-c", _PROBE], env=environ).stdout
    executable, library, shared = (Path(part) for part in json.loads(answer))
    series = ".".join(interpreter.version.split(".")[:2])
    programs = root / "usr/local/bin"
    target = root / f"usr/local/lib/python{series}"
    programs.mkdir(parents=True, exist_ok=True)
    shutil.copy2(executable, programs / f"python{series}")
    for name in ("python3", "python"):
        (programs / name).symlink_to(f"python{series}")
    shutil.copytree(library, target, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (target / "site-packages").mkdir()
    _unzip_pip(target)
    for found in shared.glob(f"libpython{series}.so*"):
        shutil.copy2(found, root / "usr/local/lib" / found.name, follow_symlinks=False)
    _copy_libraries(root, (executable, *library.glob("lib-dynload/*.so")), environ)


def _unzip_pip(library: Path) -> None:
    # `python3 -m pip` is all that the build needs of pip; its wheel is part of the standard library.
    for wheel in (library / "ensurepip/_bundled").glob("pip-*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(library / "site-packages")


def needed_libraries(listing: str) -> Iterator[tuple[str, Path]]:
    """Name and path of each library that `ldd` found, without the C library's own."""
    for line in listing.splitlines():
        found = _RESOLVED.match(line)
        if found and not _C_LIBRARY.match(found[1]):
            yield found[1], Path(found[2])


def _copy_libraries(root: Path, programs: tuple[Path, ...], environ: Mapping[str, str]) -> None:
    present = {path.name for path in root.glob("usr/lib/**/*.so*")}
    present |= {path.name for path in root.glob("usr/local/lib/*.so*")}
    for name, path in needed_libraries(capture(["ldd", *programs], env=environ).stdout):
        if name not in present:
            shutil.copy2(path.resolve(), root / "usr/local/lib" / name)
            present.add(name)
