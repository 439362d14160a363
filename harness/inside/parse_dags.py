"""Parses a DAGs folder as the scheduler does and answers in JSON; run by the worker environment's Python.

Standard input: {"dags_folder": path, "plugins_folder": path, "answer": path}. The answer is a JSON document
in the file `answer`, so that nothing a DAG file prints can spoil it.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class ErrorRecorder(dict[str, str]):
    """DagBag's `import_errors`, which keeps the exception as well as its text."""

    def __init__(self) -> None:
        super().__init__()
        self.exceptions: dict[str, BaseException | None] = {}

    def __setitem__(self, path: str, text: str) -> None:
        super().__setitem__(path, text)
        self.exceptions[path] = sys.exc_info()[1]


class ReadRecorder:
    """Notes which variables and connections a DAG file reads while it is parsed, and on which line."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders = folders
        self.reads: list[dict[str, Any]] = []

    def wrap(self, kind: str, read: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*args: Any, **kwargs: Any) -> Any:
            name = args[0] if args else next(iter(kwargs.values()))
            stack = reversed(traceback.extract_stack())
            frame = next((f for f in stack if is_inside(f.filename, self.folders)), None)
            if frame is not None:
                self.reads.append(
                    {"kind": kind, "name": str(name), "file": frame.filename, "line": frame.lineno}
                )
            return read(*args, **kwargs)

        return recorded

    def install(self) -> None:
        from airflow.models import Connection, Variable

        Variable.get_variable_from_secrets = staticmethod(
            self.wrap("variable", Variable.get_variable_from_secrets)
        )
        read_connection = Connection.get_connection_from_secrets.__func__
        recorded = self.wrap("connection", lambda name: read_connection(Connection, name))
        Connection.get_connection_from_secrets = staticmethod(recorded)


def is_inside(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(folder + os.sep) for folder in folders)


def describe_frames(error: BaseException, folders: tuple[str, ...]) -> list[dict[str, Any]]:
    frames = [
        {"file": f.filename, "line": f.lineno, "function": f.name, "text": f.line or ""}
        for f in traceback.extract_tb(error.__traceback__)
        if is_inside(f.filename, folders)
    ]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        text = (error.text or linecache.getline(error.filename, error.lineno)).strip()
        frames.append({"file": error.filename, "line": error.lineno, "function": "<module>", "text": text})
    return frames


def describe_error(error: BaseException | None, text: str, folders: tuple[str, ...]) -> dict[str, Any]:
    if error is None:
        return {"type": "", "message": text.strip(), "frames": [], "traceback": text}
    return {
        "type": type(error).__name__,
        "message": str(error.msg if isinstance(error, SyntaxError) else error),
        "frames": describe_frames(error, folders),
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__)),
    }


def describe_dag(dag: Any) -> dict[str, Any]:
    """What the harness needs to know of one DAG; raises what serialization raises."""
    from airflow.datasets import Dataset
    from airflow.serialization.serialized_objects import SerializedDAG

    serialized = SerializedDAG.to_dict(dag)
    outlets = {
        outlet.uri for task in dag.tasks for outlet in (task.outlets or ()) if isinstance(outlet, Dataset)
    }
    return {
        "dag_id": dag.dag_id,
        "tasks": sorted(dag.task_ids),
        "datasets_in": sorted(dataset.uri for dataset in dag.dataset_triggers),
        "datasets_out": sorted(outlets),
        "scheduled": bool(dag.timetable.can_run),
        "serialized": serialized["dag"],
    }


def parse_file(bag: Any, path: str, folders: tuple[str, ...], reader: ReadRecorder) -> dict[str, Any]:
    started = time.monotonic()
    reader.reads = []
    failures, dags = [], []
    try:
        found = bag.process_file(path, only_if_updated=False, safe_mode=bag_safe_mode())
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a DAG file raises is its verdict
        found = []
        failures.append(describe_error(error, str(error), folders))
    for failed, text in bag.import_errors.items():
        failures.append(describe_error(bag.import_errors.exceptions.get(failed), text, folders))
    for dag in found:
        if dag.is_subdag:
            continue
        try:
            dags.append(describe_dag(dag))
        except Exception as error:  # noqa: BLE001 - for the scheduler, too, any error is an import error
            failures.append(describe_error(error, str(error), folders))
    bag.import_errors = ErrorRecorder()
    return {
        "path": path,
        "dags": dags,
        "errors": failures,
        "reads": reader.reads,
        "seconds": time.monotonic() - started,
    }


def bag_safe_mode() -> bool:
    from airflow.configuration import conf

    return bool(conf.getboolean("core", "DAG_DISCOVERY_SAFE_MODE"))


def describe_plugin_errors() -> list[dict[str, str]]:
    from airflow import plugins_manager

    plugins_manager.ensure_plugins_loaded()
    return [
        {"source": source, "message": message} for source, message in plugins_manager.import_errors.items()
    ]


def parse_folder(request: dict[str, str]) -> dict[str, Any]:
    from airflow.models.dagbag import DagBag
    from airflow.utils.file import list_py_file_paths

    folders = (request["dags_folder"], request["plugins_folder"])
    plugin_errors = describe_plugin_errors()
    reader = ReadRecorder(folders)
    reader.install()
    bag = DagBag(dag_folder=request["dags_folder"], include_examples=False, collect_dags=False)
    bag.import_errors = ErrorRecorder()
    paths = sorted(list_py_file_paths(request["dags_folder"], bag_safe_mode(), include_examples=False))
    return {
        "files": [parse_file(bag, path, folders, reader) for path in paths],
        "plugin_errors": plugin_errors,
    }


def main() -> None:
    request = json.load(sys.stdin)
    document = parse_folder(request)
    with open(request["answer"], "w", encoding="utf-8") as answer:
        json.dump(document, answer)


if __name__ == "__main__":
    main()
