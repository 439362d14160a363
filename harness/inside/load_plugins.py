"""Loads the plugins as one component would, and tells what failed; run by the worker environment's Python.

Standard output: {"errors": [{"file", "line", "type", "message"}], "plugins": [name, ...]}. What a plugin
prints goes to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any


class Failures(logging.Handler):
    """Hears of plugins that could not be imported; Airflow logs them and goes on."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = os.path.join(folder, "")
        self.errors: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        file = str(record.args[0]) if record.args else self.folder
        line = 1
        traceback = error.__traceback__
        while traceback is not None:
            name = traceback.tb_frame.f_code.co_filename
            if name.startswith(self.folder):
                file, line = name, traceback.tb_lineno
            traceback = traceback.tb_next
        if isinstance(error, SyntaxError) and str(error.filename).startswith(self.folder):
            file, line = str(error.filename), error.lineno or 1
        self.errors.append({"file": file, "line": line, "type": type(error).__name__, "message": str(error)})


def main() -> None:
    """Load, then tell."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from airflow import plugins_manager, settings

    failures = Failures(settings.PLUGINS_FOLDER)
    plugins_manager.log.addHandler(failures)
    plugins_manager.ensure_plugins_loaded()
    names = sorted(str(plugin.name) for plugin in plugins_manager.plugins or [])
    json.dump({"errors": failures.errors, "plugins": names}, answer)
    answer.close()
    sys.stderr.flush()
    os._exit(0)


main()
