"""The environments of our own services: LocalStack and PostgreSQL, each from its committed lock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.events import StepFinished, StepStarted
from harness.workerenv.building import Building, ensure_built
from harness.workerenv.interpreter_cache import recall_interpreter
from harness.workerenv.locked_environment import LockedEnvironment, build_locked
from harness.workerenv.packager import find_packager
from harness.workerenv.tool_matrix import TOOL_MATRIX, Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.events import EventSink
    from harness.project.layout import StateFolder

__all__ = ["Tool", "ToolEnvironment", "ensure_tool_environment", "tool_building", "tool_key"]


@dataclass(frozen=True)
class ToolEnvironment:
    """A finished environment of one tool."""

    path: Path

    @property
    def bin(self) -> Path:
        return self.path / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"


def ensure_tool_environment(
    tool: Tool, state: StateFolder, environ: Mapping[str, str], events: EventSink
) -> ToolEnvironment:
    """The environment of `tool`, built when this project has none; safe from several threads at once.

    Raises:
        HarnessError: it cannot be built; says why.
    """
    row = TOOL_MATRIX[tool]
    building = tool_building(tool, state)
    interpreter = recall_interpreter(row.python_series, state, environ, events)
    content = LockedEnvironment(building.step, row.lock, interpreter, row.compiled)

    def build(folder: Path) -> None:
        started = time.monotonic()
        events(StepStarted(building.step, f"CPython {interpreter.version} ({interpreter.origin})"))
        build_locked(content, folder, find_packager(environ), events)
        events(StepFinished(building.step, seconds=time.monotonic() - started))

    return ToolEnvironment(ensure_built(building, tool_key(tool, content), build, events))


def tool_building(tool: Tool, state: StateFolder) -> Building:
    """Where the environments of `tool` are built."""
    return Building(state.tools, tool.value, f"{tool.value} environment")


def tool_key(tool: Tool, content: LockedEnvironment) -> str:
    """The folder name of the environment with this `content`."""
    return f"{tool.value}-{content.fingerprint}"
