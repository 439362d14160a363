"""Parses one DAG file with Airflow's own DagBag and tells everything that came of it as plain facts."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
import zipfile
from typing import TYPE_CHECKING, Any

from .dag_facts import dag_key, describe_dag, place_of, task_key
from .installed_names import find_class
from .source import Source, is_importable, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .observe import Observer
    from .places import UserCode

_LONGEST_MESSAGE = 4000
_dumps = json.dumps  # a DAG file may replace the one in its module


class ExceptionLog:
    """Stands in for DagBag's logger: keeps the exceptions that it logs instead of raising them."""

    def __init__(self) -> None:
        self.caught: list[tuple[str, BaseException]] = []

    def exception(self, message: str, *_arguments: object) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            self.caught.append((message, error))

    def _ignore(self, *_arguments: object, **_options: object) -> None:
        """Say nothing: levels below an exception hold no fact."""

    debug = info = warning = error = _ignore


class TemplateLog(logging.Handler):
    """Hears of template files that could not be read; Airflow logs them and goes on."""

    def __init__(self, observer: Observer) -> None:
        super().__init__()
        self.observer = observer
        self.missing: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_name != "resolve_template_files":
            frame = frame.f_back  # type: ignore[assignment]
        if frame is None or not record.exc_info:
            return
        task = frame.f_locals["self"]
        error = record.exc_info[1]
        self.missing.append(
            {
                "task_id": task.task_id,
                "field": frame.f_locals["field"],
                "message": shorten(str(error)),
                **place_of(self.observer, task_key(task.dag_id, task.task_id), task.dag.fileloc),
            }
        )


def shorten(text: str) -> str:
    """A message that fits a report, without addresses that change with every run."""
    import re

    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    return re.sub(r"unusual_prefix_[0-9a-f]{40}_", "", text)[:_LONGEST_MESSAGE]


def parse_file(path: str, code: UserCode, observer: Observer, options: dict[str, Any]) -> dict[str, Any]:
    """The facts of one file.

    Args:
        path: the DAG file, absolute.
        code: which files are the user's.
        observer: installed in this process.
        options: `safe_mode` as Airflow's `dag_discovery_safe_mode`; `graph` adds each DAG's edges.
    """
    from airflow.models.dagbag import DagBag

    code.parse(path)
    observer.clear()
    bag = DagBag(collect_dags=False)
    log = ExceptionLog()
    bag._log = log
    templates = TemplateLog(observer)
    task_logger = logging.getLogger("airflow.task.operators")
    task_logger.handlers, task_logger.propagate, task_logger.disabled = [templates], False, False
    if task_logger.level != logging.ERROR:
        task_logger.setLevel(logging.ERROR)
    observer.record_warnings()
    facts: dict[str, Any] = {"file": path, "error": None, "bag_errors": [], "dags": []}
    search_path = list(sys.path)
    observer.paused = False
    try:
        bag.process_file(path, only_if_updated=False, safe_mode=options["safe_mode"])
        facts["serialization"] = _serialize(bag, path, code, observer)
    except BaseException as error:  # noqa: BLE001 -- whatever a user's file raises is a fact about it
        log.caught.append(("escaped", error))
    finally:
        observer.paused = True
    for message, error in log.caught:
        if message.startswith("Failed to import"):
            facts["error"] = describe_error(error, code)
        elif message == "escaped":
            facts["error"] = {**describe_error(error, code), "escaped": True}
        elif message.startswith("Failed to bag_dag"):
            described = describe_error(error, code)
            described["frames"] = described["frames"] or [_dag_behind(error, path, observer)]
            facts["bag_errors"].append(described)
    facts["airflow_errors"] = [shorten(text) for _, text in sorted(bag.import_errors.items())]
    facts["dags"] = [
        describe_dag(dag, observer, options) for _, dag in sorted(bag.dags.items()) if not dag.is_subdag
    ]
    facts["templates"] = templates.missing
    facts.update(observer.facts())
    if sys.path != search_path:
        observer.unrepeatable.add("search-path")
    _add_sources(facts, path, code, observer)
    return facts


def _serialize(bag: Any, path: str, code: UserCode, observer: Observer) -> list[dict[str, Any]]:
    from airflow.serialization.serialized_objects import SerializedDAG

    failures = []
    for dag_id, dag in sorted(bag.dags.items()):
        if dag.is_subdag:
            continue
        try:
            _dumps(SerializedDAG.to_dict(dag), sort_keys=True)
        except Exception as error:  # noqa: BLE001 -- Airflow, too, catches whatever serialization raises
            cause = error.__cause__ or error
            place = place_of(observer, dag_key(dag_id), path)
            failures.append({**describe_error(cause, code), "dag_id": dag_id, "place": place})
    return failures


def describe_error(error: BaseException, code: UserCode) -> dict[str, Any]:
    """Type, message and the user's frames of an exception."""
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "message": shorten(_message(error)),
        "frames": code.cut(error.__traceback__),
    }
    if isinstance(error, ImportError):
        described["module"] = error.name
        described["names"] = _missing_names(error) or _names_on_line(described["frames"])
        if str(error.name or "").startswith("airflow"):
            described["installed"] = {name: find_class(name) for name in described["names"]}
    if isinstance(error, SyntaxError) and error.filename and code.owns(error.filename):
        described["frames"].append(
            {"file": error.filename, "line": error.lineno or 1, "column": error.offset, "function": ""}
        )
    return described


def _dag_behind(error: BaseException, path: str, observer: Observer) -> dict[str, Any]:
    """The line of the DAG that DagBag was putting into its bag."""
    traceback_ = error.__traceback__
    dag_id = ""
    while traceback_ is not None:
        dag_id = getattr(traceback_.tb_frame.f_locals.get("dag"), "dag_id", "") or dag_id
        traceback_ = traceback_.tb_next
    return place_of(observer, dag_key(dag_id), path)


def _missing_names(error: ImportError) -> list[str]:
    """The names that an import asked of a module that lacks them."""
    words = str(error).split("'")
    return [words[1]] if str(error).startswith("cannot import name") and len(words) > 1 else []


def _names_on_line(frames: list[dict[str, Any]]) -> list[str]:
    """What the innermost of the user's lines imports from a module that is not there."""
    source = _source_of(frames[-1]["file"]) if frames else None
    return source.names_imported.get(frames[-1]["line"], []) if source is not None else []


def _message(error: BaseException) -> str:
    try:
        if isinstance(error, SyntaxError):
            return error.msg or "invalid syntax"
        return str(error) or "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:  # noqa: BLE001 -- a user's exception class may fail to print itself
        return "an exception whose text cannot be shown"


def _add_sources(facts: dict[str, Any], path: str, code: UserCode, observer: Observer) -> None:
    modules = sorted(name for name in observer.read_files if name.endswith(".py") and code.owns(name))
    late: list[dict[str, Any]] = []
    moving: list[dict[str, Any]] = []
    references: list[dict[str, Any]] = []
    repeatable = not observer.unrepeatable
    for name, source in _sources(path, modules):
        late += [
            {"module": module, "function": scope, "file": name, "line": line}
            for module, scope, line in source.late_imports
            if not is_importable(module)
        ]
        moving += [{"file": name, "line": line} for line in source.moving_start_dates]
        references += [
            {"kind": kind, "name": referred, "function": scope, "file": name, "line": line}
            for kind, referred, scope, line in sorted(source.references, key=lambda each: (each[3], each[:3]))
        ]
        repeatable = repeatable and not source.depends_on_more_than_files()
    facts["late_imports"] = late
    facts["moving_start_dates"] = moving
    facts["code_references"] = references
    facts["dependencies"] = {
        "repeatable": repeatable,
        "files": sorted({*modules, *observer.read_files} - {path}),
        "listed": sorted(observer.listed),
        "examined": sorted(name for name in observer.examined - {path} if _may_change(name, observer)),
        "modules": sorted(
            name for name in observer.imports if name not in sys.modules or _is_local(name, code)
        ),
    }


def _sources(path: str, modules: list[str]) -> Iterator[tuple[str, Source]]:
    """The DAG file, or what an archive has at its root, and the user's modules that were read."""
    if path.endswith(".zip"):
        yield from _packaged_sources(path)
    for name in dict.fromkeys([path, *modules]):
        source = _source_of(name)
        if source is not None:
            yield name, source


def _packaged_sources(path: str) -> Iterator[tuple[str, Source]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                source = read_source(archive.read(name)) if name.endswith(".py") else None
                if source is not None:
                    yield os.path.join(path, name), source
    except (OSError, zipfile.BadZipFile, RuntimeError):
        return


def _source_of(path: str) -> Source | None:
    try:
        with open(path, "rb") as stream:
            return read_source(stream.read())
    except OSError:
        return None


def _may_change(name: str, observer: Observer) -> bool:
    return not name.startswith(observer.own_folders) and os.path.isabs(name)


def _is_local(name: str, code: UserCode) -> bool:
    module = sys.modules.get(name)
    origin = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
    return code.owns(os.path.join(origin, "")) or code.owns(origin)
