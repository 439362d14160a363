"""Notices saves in the working tree; what changed is for a look at the tree to find out."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import watchfiles

from harness.project.excluded_files import is_excluded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from watchfiles.main import FileChange

    from harness.project.layout import Project

_log = logging.getLogger(__name__)

_DEBOUNCE = 80  # milliseconds; editors save in several steps
_STEP = 20
_LOOK_FOR_FOLDERS = 1000


class TreeWatcher:
    """Calls `on_change` soon after a published part of `project` changed, from a thread of its own."""

    def __init__(
        self,
        project: Project,
        on_change: Callable[[], None],
        watch: Callable[..., Iterator[set[FileChange]]] = watchfiles.watch,
    ) -> None:
        self._watch = watch
        self._project = project
        self._on_change = on_change
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        polling = None  # None lets watchfiles decide, e.g. polling on WSL
        while not self._stop.is_set():
            try:
                self._follow(polling)
            except OSError as error:
                if polling:
                    _log.exception("the working tree cannot be watched; it is looked at now and then")
                    return
                _log.warning("the working tree is polled, because it cannot be watched: %s", error)
                polling = True

    def _follow(self, polling: bool | None) -> None:  # noqa: FBT001 - watchfiles' own tri-state
        """Watch the folders that exist now; return when others should be watched."""
        folders = self._folders()
        # A deep watch of the project's root would follow .mwaa and virtual environments too, so what does
        # not exist yet is looked for once in a while.
        for changes in self._watch(
            *folders,
            watch_filter=self._is_relevant,
            debounce=_DEBOUNCE,
            step=_STEP,
            stop_event=self._stop,
            rust_timeout=_LOOK_FOR_FOLDERS,
            yield_on_timeout=True,
            force_polling=polling,
            raise_interrupt=False,
        ):
            if changes:
                self._on_change()
            if self._folders() != folders:
                self._on_change()
                return
        if not folders:
            self._stop.wait(_LOOK_FOR_FOLDERS / 1000)

    def _folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(self._existing()))

    def _existing(self) -> Iterator[Path]:
        for folder in (self._project.dags_folder, self._project.plugins_folder):
            if folder.is_dir():
                yield folder
        for file in (self._project.requirements_file, self._project.startup_script):
            if file.parent.is_dir() and file.parent != self._project.root:
                yield file.parent
            elif file.is_file():
                yield file

    def _is_relevant(self, _change: watchfiles.Change, path: str) -> bool:
        root = str(self._project.root)
        return not is_excluded(path.removeprefix(root).lstrip("/"))
