"""The environments that a project has accumulated: listing them, and removing those nobody uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.workerenv.building import Building, list_built, remove_built
from harness.workerenv.manifest import Manifest, read_manifest
from harness.workerenv.store import current_worker_environment, worker_building
from harness.workerenv.worker import base_building

if TYPE_CHECKING:
    from collections.abc import Collection

    from harness.events import EventSink
    from harness.project.layout import StateFolder


@dataclass(frozen=True)
class Listed:
    """One worker environment of a project."""

    path: Path
    manifest: Manifest
    is_current: bool


def list_worker_environments(state: StateFolder) -> tuple[Listed, ...]:
    """The finished worker environments, oldest first.

    Raises:
        HarnessError: the record of one is damaged.
    """
    current = current_worker_environment(state)
    listed = (
        Listed(path, read_manifest(path), current is not None and path == current.path)
        for path in list_built(worker_building(state))
    )
    return tuple(sorted(listed, key=lambda entry: entry.manifest.built_at))


def prune_worker_environments(
    state: StateFolder, in_use: Collection[Path], events: EventSink
) -> tuple[Path, ...]:
    """Remove the worker environments that are neither current nor `in_use`, and the bases of none left.

    Returns:
        The folders that were removed; bases are not among them.
    """
    current = current_worker_environment(state)
    kept = {path.name for path in in_use} | ({current.fingerprint} if current else set())
    removed = _remove_others(worker_building(state), kept, events)
    bases = {read_manifest(path).base for path in list_built(worker_building(state))}
    _remove_others(base_building(state), bases, events)
    return removed


def _remove_others(building: Building, kept: Collection[str], events: EventSink) -> tuple[Path, ...]:
    doomed = tuple(path for path in list_built(building) if path.name not in kept)
    for path in doomed:
        remove_built(building, path.name, events)
    return doomed
