"""Compiling what an installation changed, and nothing else: looking at every module takes longer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.process import capture
from harness.workerenv.bytecode import compile_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def changed_folders(environment: Path, since: int) -> Iterator[Path]:
    """The folders of modules that got or lost a file at or after `since` (nanoseconds), relative."""
    for folder, names, _ in os.walk(environment / "lib"):
        names[:] = [name for name in names if name != "__pycache__"]
        if Path(folder).stat().st_mtime_ns >= since:
            yield Path(folder).relative_to(environment)


def compile_changed(environment: Path, since: int, environ: Mapping[str, str]) -> None:
    """Compile the modules of the folders that changed, by the rules for whole environments."""
    folders = tuple(changed_folders(environment, since))
    *arguments, _whole = compile_arguments(environment / "bin" / "python")
    if folders:
        capture((*arguments, "-l", *folders), env=environ, cwd=environment)
