"""Finds the line of the user's that is responsible for what is happening now."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class UserCode:
    """The files a user can edit: everything below the project's folders, and the DAG file itself."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders = tuple(os.path.join(folder, "") for folder in folders)
        self.dag_file = ""
        self._known: dict[str, bool] = {}

    def parse(self, dag_file: str) -> None:
        """Turn to another DAG file."""
        self.dag_file = dag_file
        self._known.clear()

    def owns(self, filename: str) -> bool:
        """Whether `filename` is the user's."""
        known = self._known.get(filename)
        if known is None:
            known = filename == self.dag_file or (
                filename.startswith(self.folders) and "/site-packages/" not in filename
            )
            self._known[filename] = known
        return known

    def here(self, frame: FrameType | None = None) -> tuple[str, int] | None:
        """File and line of the innermost frame that is the user's."""
        current = frame or sys._getframe(1)
        while current is not None:
            filename = current.f_code.co_filename
            if self.owns(filename):
                return filename, current.f_lineno
            current = current.f_back
        return None

    def cut(self, traceback: TracebackType | None) -> list[dict[str, Any]]:
        """The user's frames of a traceback, outermost first."""
        frames = []
        while traceback is not None:
            filename = traceback.tb_frame.f_code.co_filename
            if self.owns(filename):
                frames.append(
                    {
                        "file": filename,
                        "line": traceback.tb_lineno,
                        "function": traceback.tb_frame.f_code.co_name,
                    }
                )
            traceback = traceback.tb_next
        return frames
