"""What may be remembered from one plain file to the next, so that a batch takes half the time.

Each of these answers as Airflow would; a plain file cannot change what is remembered (see `Source.is_plain`).
"""

from __future__ import annotations

import functools
import json
from typing import Any

_MOST_SHAPES = 5000
_PLAIN_TEXT = {"type": "string"}


def take_shortcuts() -> None:
    """From now on, in this process."""
    _remember_configuration()
    _remember_cron_expressions()
    _remember_valid_tasks()


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


def _remember_valid_tasks() -> None:
    """Hold tasks against the schema once per shape: all that is left out of a shape, the schema lets pass."""
    from airflow.serialization.serialized_objects import SerializedDAG

    SerializedDAG._json_schema = ShapeValidator(SerializedDAG._json_schema)


class ShapeValidator:
    """Validates serialized DAGs as the schema's own validator does, and as strictly."""

    def __init__(self, validator: Any) -> None:
        self.validator = validator
        self.properties = validator.schema["definitions"]["operator"]["properties"]
        self.known: set[str] = set()

    def validate(self, document: Any) -> None:
        """Raise what the validator raises."""
        tasks = document["dag"]["tasks"]
        shapes = [self.shape(task) for task in tasks]
        first_ones = {
            shape: task for shape, task in zip(shapes, tasks, strict=True) if shape not in self.known
        }
        fresh = list(first_ones.values())
        if len(fresh) == len(tasks):
            self.validator.validate(document)
        else:
            reduced = {**document, "dag": {**document["dag"], "tasks": fresh}}
            if not self.validator.is_valid(reduced):
                self.validator.validate(document)
        if len(self.known) < _MOST_SHAPES:
            self.known.update(first_ones)

    def shape(self, task: dict[str, Any]) -> str:
        """What the schema can tell of a task."""
        shape = {}
        for name, value in task.items():
            rule = self.properties.get(name)
            if rule is None:
                shape[name] = None
            elif rule == _PLAIN_TEXT and isinstance(value, str):
                shape[name] = "text"
            else:
                shape[name] = value
        return json.dumps(shape, sort_keys=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.validator, name)
