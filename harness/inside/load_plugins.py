"""Loads the plugins as one component would, and tells what failed; run by the worker environment's Python.

Standard output: {"errors": [{"file", "line", "type", "message"}], "plugins": [{"name", "file"}, ...],
"late_imports": [{"file", "line", "function", "module"}, ...]}. What a plugin prints goes to standard error.
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
        self.describe(error, str(record.args[0]) if record.args else self.folder)

    def describe(self, error: BaseException, file: str) -> None:
        """Keep an error with the user's line behind it."""
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


_USES = {
    "scheduler": ("initialize_timetables_plugins", "initialize_ti_deps_plugins"),
    "worker": ("integrate_macros_plugins", "initialize_extra_operators_links_plugins"),
    "webserver": ("initialize_web_ui_plugins", "initialize_extra_operators_links_plugins"),
}


def find_late_imports(folder: str) -> list[dict[str, Any]]:
    """Modules that the plugins' functions import and that are not there."""
    from mwaa_dag_parser.source import is_importable, read_source

    found = []
    for place, _folders, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.join(place, name)
                with open(path, "rb") as stream:
                    source = read_source(stream.read())
                found += [
                    {"file": path, "line": line, "function": scope, "module": module}
                    for module, scope, line in (source.late_imports if source is not None else ())
                    if not is_importable(module)
                ]
    return found


def main() -> None:
    """Load, put to the component's use, then tell."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    here = sys.path.pop(0)
    from airflow import plugins_manager, settings

    failures = Failures(settings.PLUGINS_FOLDER)
    plugins_manager.log.addHandler(failures)
    plugins_manager.ensure_plugins_loaded()
    for use in _USES.get(os.environ.get("MWAA_AIRFLOW_COMPONENT", ""), ()):
        try:
            getattr(plugins_manager, use)()
        except Exception as error:  # noqa: BLE001 -- whatever a plugin raises is a fact about it
            failures.describe(error, settings.PLUGINS_FOLDER)
    plugins = [
        {"name": str(plugin.name), "file": sys.modules[type(plugin).__module__].__file__}
        for plugin in plugins_manager.plugins or []
        if str(getattr(plugin.source, "path", "")) and type(plugin).__module__ in sys.modules
    ]
    sys.path.insert(0, here)
    document = {
        "errors": failures.errors,
        "plugins": plugins,
        "late_imports": find_late_imports(settings.PLUGINS_FOLDER),
    }
    json.dump(document, answer)
    answer.close()
    sys.stderr.flush()
    os._exit(0)


main()
