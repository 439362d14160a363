"""Content-addressed folders built once: beside the final name, under a lock, and renamed when finished.

A folder that carries its final name is complete. Whatever else a killed build leaves is removed by the
next one.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from harness.errors import HarnessError
from harness.events import EventSink, StepProgressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BUILDING = ".building-"
_REMOVED = ".removed-"


@dataclass(frozen=True)
class Building:
    """Where one kind of environment lives and how its builds are called in messages and locks.

    Attributes:
        folder: holds one complete folder per key.
        kind: names the lock, so that builds of one kind wait for one another.
        step: the step that events name.
    """

    folder: Path
    kind: str
    step: str


def ensure_built(building: Building, key: str, build: Callable[[Path], None], events: EventSink) -> Path:
    """The complete folder `key`, built by `build(folder)` when there is none yet.

    Of several processes or threads that want the same folder one builds it and the others wait.

    Raises:
        HarnessError: `build` raised it, or the disk refused; nothing half-made is left.
    """
    final = building.folder / key
    if final.is_dir():
        return final
    try:
        building.folder.mkdir(parents=True, exist_ok=True)
        with _locked(building, events):
            if final.is_dir():
                return final
            _remove_debris(building)
            _build(building, key, build)
    except OSError as error:
        raise HarnessError(
            f"the {building.step} cannot be built in {building.folder}: {error.strerror or error}",
            hint="the folder must be writable and its disk must have space",
        ) from error
    return final


def remove_built(building: Building, key: str, events: EventSink) -> None:
    """Remove the folder `key`; it loses its name first, so nobody can take it for complete meanwhile.

    Raises:
        HarnessError: the disk refused.
    """
    doomed = building.folder / f"{_REMOVED}{building.kind}-{secrets.token_hex(4)}"
    try:
        with _locked(building, events):
            with suppress(FileNotFoundError):
                (building.folder / key).rename(doomed)
            _remove_debris(building)
    except OSError as error:
        raise HarnessError(f"{building.folder / key} cannot be removed: {error.strerror or error}") from error


def list_built(building: Building) -> tuple[Path, ...]:
    """The complete folders, by name."""
    if not building.folder.is_dir():
        return ()
    return tuple(
        sorted(
            path
            for path in building.folder.iterdir()
            if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
        )
    )


def _build(building: Building, key: str, build: Callable[[Path], None]) -> None:
    unfinished = building.folder / f"{_BUILDING}{building.kind}-{key}-{secrets.token_hex(4)}"
    try:
        build(unfinished)
        unfinished.rename(building.folder / key)
    except BaseException:
        _remove_tree(unfinished)
        raise


@contextmanager
def _locked(building: Building, events: EventSink) -> Iterator[None]:
    lock = FileLock(building.folder / f".{building.kind}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        events(StepProgressed(building.step, "it is being built by someone else already; waiting for that"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _remove_debris(building: Building) -> None:
    for prefix in (_BUILDING, _REMOVED):
        for path in building.folder.glob(f"{prefix}{building.kind}-*"):
            _remove_tree(path)


def _remove_tree(path: Path) -> None:
    # An orphan of a killed build may still be writing; what it adds now goes with the next build.
    shutil.rmtree(path, ignore_errors=True)
