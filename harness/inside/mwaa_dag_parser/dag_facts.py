"""What a parsed DAG says about itself that a rule may want to know."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from .templates import template_problems
from .virtualenvs import missing_modules

if TYPE_CHECKING:
    from .observe import Observer

_TEMPLATED = re.compile(r"\{[{%].*?\b(var|conn)\.((?:value|json)\.)?([A-Za-z_]\w*)", re.DOTALL)
_BUCKET_FIELDS = ("bucket_name", "s3_bucket", "dest_bucket_name", "source_bucket_name", "dest_bucket")
_KEY_FIELDS = ("bucket_key", "s3_key", "source_bucket_key", "dest_bucket_key")


def dag_key(dag_id: str) -> str:
    """Under which name the line of a DAG is kept."""
    return f"dag {dag_id}"


def task_key(dag_id: str, task_id: str) -> str:
    """Under which name the line of a task is kept."""
    return f"task {dag_id} {task_id}"


def observe_construction(observer: Observer) -> None:
    """Remember on which of the user's lines each DAG and each task is made."""
    import functools

    from airflow.models.dag import DAG

    construct, add = DAG.__init__, DAG.add_task

    @functools.wraps(construct)
    def constructed(self: Any, dag_id: str, *arguments: Any, **options: Any) -> None:
        place = observer.code.here()
        if place is not None:
            observer.names.setdefault(dag_key(dag_id), place)
        construct(self, dag_id, *arguments, **options)

    @functools.wraps(add)
    def added(self: Any, task: Any) -> None:
        place = observer.code.here()
        if place is not None:
            observer.names.setdefault(task_key(self.dag_id, task.task_id), place)
        add(self, task)

    DAG.__init__ = constructed
    DAG.add_task = added


def describe_dag(dag: Any, observer: Observer, options: dict[str, Any]) -> dict[str, Any]:
    """The facts of one DAG; `graph` in the options adds tasks and edges for the picture."""
    start = dag.start_date or dag.default_args.get("start_date")
    facts: dict[str, Any] = {
        "dag_id": dag.dag_id,
        **place_of(observer, dag_key(dag.dag_id), dag.fileloc),
        "tasks": len(dag.task_dict),
        "start_date": start.isoformat() if hasattr(start, "isoformat") else None,
        "has_start_date": start is not None or all(task.start_date for task in dag.tasks),
        "scheduled": dag.timetable.can_run or dag.timetable.summary not in {"None", None},
        "catchup": bool(dag.catchup),
        "references": _references(dag, observer),
    }
    facts["datasets"] = _datasets(dag, observer)
    facts["template_problems"], facts["virtualenv_modules"] = [], []
    for task in dag.tasks:
        with contextlib.suppress(Exception):  # a user's operator may raise whatever it is asked
            if not hasattr(task, "partial_kwargs"):
                _add_run_time_needs(
                    task, facts, place_of(observer, task_key(dag.dag_id, task.task_id), dag.fileloc)
                )
    if options.get("graph"):
        facts["graph"] = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
        facts["task_places"] = {
            task.task_id: place_of(observer, task_key(dag.dag_id, task.task_id), dag.fileloc)
            for task in dag.tasks
        }
        facts["schedule"] = dag.timetable.summary
    return facts


def _add_run_time_needs(task: Any, facts: dict[str, Any], place: dict[str, Any]) -> None:
    facts["template_problems"] += [
        {**problem, "task_id": task.task_id, **place} for problem in template_problems(task)
    ]
    if hasattr(task, "system_site_packages"):
        facts["virtualenv_modules"] += [
            {**missing, "task_id": task.task_id} for missing in missing_modules(task)
        ]


def _datasets(dag: Any, observer: Observer) -> dict[str, list[dict[str, Any]]]:
    """The datasets that start the DAG, and those that its tasks produce."""
    consumed = [
        {"uri": each.uri, **place_of(observer, dag_key(dag.dag_id), dag.fileloc)}
        for each in dag.dataset_triggers
    ]
    produced = {
        outlet.uri
        for task in dag.tasks
        for outlet in (getattr(task, "outlets", None) or ())
        if hasattr(outlet, "uri")
    }
    return {"consumed": consumed, "produced": [{"uri": uri} for uri in sorted(produced)]}


def place_of(observer: Observer, key: str, file: str) -> dict[str, Any]:
    """The line on which something was made, else the first one of `file`."""
    path, line = observer.names.get(key, (file, 1))
    return {"file": path, "line": line}


def _references(dag: Any, observer: Observer) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str, int], str] = {}

    def refer(kind: str, name: str, task: Any) -> None:
        path, line = observer.names.get(task_key(dag.dag_id, task.task_id), (dag.fileloc, 1))
        found.setdefault((kind, name, path, line), task.task_id)

    for task in dag.tasks:
        if task.pool != "default_pool":
            refer("pool", task.pool, task)
        queue = _explicit(task, "queue")
        if queue is not None:
            refer("queue", str(queue), task)
        if len(task.task_id) > 250:  # noqa: PLR2004 -- the length of the database's column
            refer("long-id", task.task_id, task)
        for kind, name in _named_things(task):
            refer(kind, name, task)
    return [
        {"kind": kind, "name": name, "file": path, "line": line, "task_id": found[kind, name, path, line]}
        for kind, name, path, line in sorted(found)
    ]


def _explicit(task: Any, name: str) -> Any:
    given = getattr(task, "partial_kwargs", None)
    if given is None:
        given = getattr(task, "_BaseOperator__init_kwargs", {})
    return given.get(name)


def _named_things(task: Any) -> list[tuple[str, str]]:
    things = []
    values = getattr(task, "_BaseOperator__init_kwargs", None) or getattr(task, "partial_kwargs", {})
    for name, value in values.items():
        if not isinstance(value, str):
            continue
        if name.endswith("conn_id") and value and "{{" not in value:
            things.append(("connection", value))
        elif name in _BUCKET_FIELDS and value and "{{" not in value:
            things.append(("bucket", value))
        elif name in _KEY_FIELDS and value.startswith("s3://"):
            things.append(("bucket", value[5:].partition("/")[0]))
        for kind, _, key in _TEMPLATED.findall(value):
            things.append(("variable" if kind == "var" else "connection", key))
    return [thing for thing in things if thing[1] and "{" not in thing[1]]
