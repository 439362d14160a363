"""Becoming an Airflow process by way of the launcher, as on a machine without containers."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness import process
from harness.runtime.compose import places
from harness.runtime.home_binding import LAUNCHER
from harness.runtime.private_files import make_folder, write_private

if TYPE_CHECKING:
    from typing import NoReturn

    from harness.process import Completed
    from harness.runtime.launch_spec import LaunchSpec
    from harness.runtime.services import Role

_ENTRYPOINT = "/entrypoint"


def become(spec: LaunchSpec) -> NoReturn:
    """Replace this process by the launcher and thereby, in the end, by the command of `spec`."""
    path = _write(spec)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-I", str(LAUNCHER), str(path)])  # noqa: S606 - our own program


def run_beside(role: Role) -> None:
    """Start the companion of `role`, an orphan of this process, which is going to become the component."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.execv(_ENTRYPOINT, [_ENTRYPOINT, "companion", role.value])  # noqa: S606 - our own program


def run_launcher(spec: LaunchSpec, *, stdin: str, timeout: float) -> Completed:
    """Run the command of `spec` to its end.

    Raises:
        CommandError: it failed; the end of what it said is the evidence.
    """
    path = _write(spec)
    try:
        return process.check([sys.executable, "-I", LAUNCHER, path], env={}, stdin=stdin, timeout=timeout)
    finally:
        path.unlink(missing_ok=True)


def _write(spec: LaunchSpec) -> Path:
    make_folder(places.RUN)
    handle, name = tempfile.mkstemp(dir=places.RUN, prefix=f"{spec.name}-", suffix=".json")
    os.close(handle)
    path = Path(name)
    write_private(path, spec.to_json())
    return path
