"""What may be remembered from one plain file to the next, so that a batch takes half the time.

Each of these answers as Airflow would; a plain file cannot change what is remembered (see `Source.is_plain`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import importlib.machinery
import json
import logging
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.utils.trigger_rule import TriggerRule
from airflow.utils.weight_rule import WeightRule

from .source import read_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

_MOST_KINDS = 5000
_PLAIN_TEXT = {"type": "string"}
_OWN = frozenset({"deps", "operator_extra_links"})
_NOTHING = dt.timedelta(0)
_UNKNOWN = object()
_SCALARS = frozenset({int, str, dt.datetime, pendulum.DateTime, logging.Logger})
_CONTAINERS = frozenset({list, tuple, set, frozenset, dict})


def take_shortcuts() -> None:
    """From now on, in this process."""
    _remember_configuration()
    _remember_cron_expressions()
    _remember_cron_descriptions()
    _remember_kinds_of_tasks()
    _compile_syntax_trees()


def _remember_configuration() -> None:
    """Look up each option once."""
    from airflow.configuration import AirflowConfigParser

    look_up = AirflowConfigParser.get
    known: dict[Any, Any] = {}

    def get(self: Any, section: str, key: str, **options: Any) -> Any:
        asked = (section, key, repr(options))
        if asked not in known:
            known[asked] = look_up(self, section, key, **options)
        return known[asked]

    AirflowConfigParser.get = get


def _remember_cron_expressions() -> None:
    """Expand each expression once; every timetable asks three times."""
    from croniter import croniter

    expand = croniter.expand.__func__

    @functools.lru_cache(maxsize=500)
    def expand_once(kind: type, expression: str) -> tuple[list[list[Any]], dict[Any, Any]]:
        expanded: tuple[list[list[Any]], dict[Any, Any]] = expand(kind, expression)
        return expanded

    def expanded(kind: type, expr_format: str, hash_id: Any = None) -> tuple[list[list[Any]], dict[Any, Any]]:
        if hash_id is not None or type(expr_format) is not str:
            return expand(kind, expr_format, hash_id=hash_id)  # type: ignore[no-any-return]
        fields, nth = expand_once(kind, expr_format)
        return [list(field) for field in fields], {day: set(weeks) for day, weeks in nth.items()}

    croniter.expand = classmethod(expanded)


def _remember_cron_descriptions() -> None:
    """Put each expression into words once."""
    with contextlib.suppress(ImportError):
        from cron_descriptor import ExpressionDescriptor

        describe = ExpressionDescriptor.get_description
        known: dict[Any, str] = {}

        def get_description(self: Any, *arguments: Any, **options: Any) -> str:
            asked = (self._expression, repr((sorted(vars(self._options).items()), arguments, options)))
            if asked not in known:
                known[asked] = describe(self, *arguments, **options)
            return known[asked]

        ExpressionDescriptor.get_description = get_description


def _compile_syntax_trees() -> None:
    """Compile a file from the tree that was looked through before; its text is not parsed twice."""
    loader = importlib.machinery.SourceFileLoader
    compile_text = loader.source_to_code

    def source_to_code(self: Any, data: Any, path: Any, **options: Any) -> CodeType:
        source = read_source(data) if type(data) is bytes and not options else None
        if source is None or source.tree is None:
            return compile_text(self, data, path, **options)
        code: CodeType = compile(source.tree, path, "exec", dont_inherit=True)
        return code

    loader.source_to_code = source_to_code  # type: ignore[method-assign]


def _remember_kinds_of_tasks() -> None:
    """Serialize and validate one task of each kind."""
    from airflow.serialization.serialized_objects import SerializedBaseOperator, SerializedDAG

    validator = SerializedDAG._json_schema
    known = KnownTasks(SerializedBaseOperator.serialize_operator, validator)
    SerializedBaseOperator.serialize_operator = known.serialize
    SerializedDAG._json_schema = known


class KnownTasks:
    """Serializes one task per kind: tasks of a class of Airflow's that differ in texts and numbers only.

    The answer for the others is the first one's document, which serialized and met the schema; nothing but
    the schema reads it. A task that holds an object of the user's is serialized every time.
    """

    def __init__(self, serialize: Callable[[Any], dict[str, Any]], validator: Any) -> None:
        self._serialize = serialize
        self._validator = validator
        self._rules = validator.schema["definitions"]["operator"]["properties"]
        self._dag_rules = validator.schema["definitions"]["dag"]["properties"]
        self._shapes: set[str] = set()
        self._fields: dict[type, frozenset[str]] = {}
        self._documents: dict[Any, dict[str, Any]] = {}
        self._kept: set[int] = set()
        self._valid: set[int] = set()

    def serialize(self, task: Any) -> dict[str, Any]:
        """A document that serializes and is valid if and only if the task's own is."""
        kind = self._kind(task)
        if kind is None:
            return self._serialize(task)
        document = self._documents.get(kind)
        if document is None:
            document = self._serialize(task)
            if len(self._documents) < _MOST_KINDS:
                self._documents[kind] = document
                self._kept.add(id(document))
        return document

    def validate(self, document: Any) -> None:
        """Raise what the schema's validator raises."""
        dag = document["dag"]
        fresh = [task for task in dag["tasks"] if id(task) not in self._valid]
        shape = _shape(dag, self._dag_rules)
        if not fresh and shape in self._shapes:
            return
        self._validator.validate({**document, "dag": {**dag, "tasks": fresh}})
        self._valid.update({id(task) for task in fresh} & self._kept)
        if len(self._shapes) < _MOST_KINDS:
            self._shapes.add(shape)

    def _kind(self, task: Any) -> Any:
        """What decides whether a task serializes; None when that cannot be told."""
        owner = type(task)
        values = vars(task)
        if not owner.__module__.startswith("airflow.") or values.get("params") or not _OWN.isdisjoint(values):
            return None
        fields = self._fields.get(owner)
        if fields is None:
            fields = self._fields[owner] = (owner.get_serialized_fields() | set(owner.template_fields)) - {
                "params"
            }
        kind: list[Any] = [owner]
        for name, value in values.items():
            if name in fields:
                token = _token(value, 3)
                if token is _UNKNOWN:
                    return None
                if token is str and self._rules.get(name, _PLAIN_TEXT) != _PLAIN_TEXT:
                    token = value
                kind.append((name, token))
        return tuple(kind)


def _shape(dag: dict[str, Any], rules: dict[str, Any]) -> str:
    """What the schema can tell of a DAG beside its tasks: all texts are one, children are not read."""
    shape: dict[str, Any] = {}
    for name, value in dag.items():
        if name == "_task_group" and isinstance(value, dict) and isinstance(value.get("children"), dict):
            shape[name] = {**value, "children": {}}
        elif rules.get(name) == _PLAIN_TEXT and isinstance(value, str):
            shape[name] = "text"
        elif name != "tasks":
            shape[name] = value
    return json.dumps(shape, sort_keys=True)


def _token(value: Any, depth: int) -> Any:
    """The type of a value, with what the schema may ask of it; `_UNKNOWN` for what is no plain value."""
    kind = type(value)
    if kind is dt.timedelta:
        return kind, value < _NOTHING
    if kind in _SCALARS:
        return kind
    if value is None or kind in {bool, float} or isinstance(value, (TriggerRule, WeightRule)):
        return value
    if not depth or kind not in _CONTAINERS:
        return _UNKNOWN
    if kind is dict and not all(type(name) is str for name in value):
        return _UNKNOWN
    tokens = {_token(each, depth - 1) for each in (value.values() if kind is dict else value)}
    return _UNKNOWN if _UNKNOWN in tokens else (kind, frozenset(tokens))
