"""An environment that holds exactly what a committed lock pins: the base of a worker, or a tool."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.events import StepProgressed
from harness.project.fingerprint import fingerprint, hash_file
from harness.workerenv.bytecode import compile_bytecode
from harness.workerenv.interpreters import Interpreter
from harness.workerenv.machine import machine_name
from harness.workerenv.manifest import Manifest, write_manifest
from harness.workerenv.packager import Packager, create_arguments, sync_arguments
from harness.workerenv.verify import describe, locked_packages, require_exactly

if TYPE_CHECKING:
    from harness.events import EventSink

# Raise it when the same inputs must give another environment.
_RECIPE = "1"


@dataclass(frozen=True)
class LockedEnvironment:
    """What such an environment is made of.

    Attributes:
        step: the step that events name.
        lock: pins of every package.
        interpreter: CPython it stands on.
        compiled: whether its bytecode is compiled while building.
    """

    step: str
    lock: Path
    interpreter: Interpreter
    compiled: bool = True

    @property
    def fingerprint(self) -> str:
        """The name of its content."""
        return fingerprint(
            {
                "recipe": _RECIPE,
                "lock": hash_file(self.lock),
                "interpreter": f"{self.interpreter.path} {self.interpreter.version}",
                "machine": machine_name(),
            }
        )


def build_locked(environment: LockedEnvironment, folder: Path, packager: Packager, events: EventSink) -> None:
    """Build `environment` in the new folder `folder` and prove that it equals its lock.

    Raises:
        HarnessError: it cannot be created or installed, or differs from the lock.
    """
    pins = locked_packages(environment.lock, environment.interpreter.version)
    packager.check(create_arguments(environment.interpreter.path, folder), f"creating the {environment.step}")
    events(StepProgressed(environment.step, f"installing {len(pins)} packages"))
    python = folder / "bin" / "python"
    packager.check(sync_arguments(python, environment.lock), f"installing the {environment.step}")
    events(StepProgressed(environment.step, "verifying"))
    installed = describe(python, packager.environ)
    require_exactly(pins, installed.packages)
    if environment.compiled:
        events(StepProgressed(environment.step, "compiling"))
        compile_bytecode(folder, packager.environ)
    write_manifest(
        folder,
        Manifest(
            fingerprint=environment.fingerprint,
            python=installed.python,
            interpreter=str(environment.interpreter.path),
            built_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            packages=installed.packages,
        ),
    )
