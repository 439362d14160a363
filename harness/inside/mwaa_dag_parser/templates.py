"""What the templates of a task ask for that will not be there when the task runs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORGIVING = ("default(", "is defined", "is not defined", "d(")
_LONGEST = 20_000
Problem = tuple[str, str]


def template_problems(task: Any) -> list[dict[str, str]]:
    """The problems of one task: `{"kind", "field", "name"}` each, in order.

    Kinds: `field` (configured as a template field and not an attribute), `syntax`, `macro` (a name below
    `macros` that is not there), `filter`, `name` (nothing in the context is called so).
    """
    found: dict[tuple[str, str, str], None] = {}
    dag = task.dag
    checks_texts = not (dag.jinja_environment_kwargs or getattr(task, "_BaseOperator__from_mapped", False))
    own_names = frozenset(dag.user_defined_macros or ())
    own_filters = frozenset(dag.user_defined_filters or ())
    for field in task.template_fields:
        if not hasattr(task, field):
            found["field", field, field] = None
        elif checks_texts:
            for text in _texts(getattr(task, field), 4):
                for kind, name in _problems_of(text, own_names, own_filters):
                    found[kind, field, name] = None
    return [{"kind": kind, "field": field, "name": name} for kind, field, name in sorted(found)]


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if ("{{" in value or "{%" in value) and len(value) < _LONGEST:
            yield value
    elif depth and isinstance(value, dict):
        for each in value.values():
            yield from _texts(each, depth - 1)
    elif depth and isinstance(value, (list, tuple, set)):
        for each in value:
            yield from _texts(each, depth - 1)


@functools.lru_cache(maxsize=2000)
def _problems_of(text: str, own_names: frozenset[str], own_filters: frozenset[str]) -> tuple[Problem, ...]:
    from airflow.utils.context import KNOWN_CONTEXT_KEYS
    from jinja2 import TemplateSyntaxError, meta, nodes

    environment = _environment()
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        return (("syntax", str(error.message)),)
    known_filters = environment.filters.keys() | own_filters
    used_filters = {applied.name for applied in tree.find_all(nodes.Filter)}
    problems: list[Problem] = [("filter", name) for name in used_filters - known_filters]
    if used_filters <= environment.filters.keys() and not any(word in text for word in _FORGIVING):
        unknown = meta.find_undeclared_variables(tree) - KNOWN_CONTEXT_KEYS - own_names
        problems += [("name", name) for name in unknown if name not in environment.globals]
    for used in tree.find_all(nodes.Getattr):
        if isinstance(used.node, nodes.Name) and used.node.name == "macros" and "macros" not in own_names:
            macros = _macros()
            if not hasattr(macros, used.attr):
                problems.append(("macro", used.attr))
    return tuple(sorted(set(problems)))


@functools.lru_cache(maxsize=1)
def _environment() -> Any:
    """Reads templates and renders none."""
    from airflow.templates import FILTERS
    from jinja2 import Environment

    environment = Environment(cache_size=0, extensions=["jinja2.ext.do"])  # noqa: S701 -- renders nothing
    environment.filters.update(FILTERS)
    return environment


def _macros() -> Any:
    """Airflow's macros with those of the plugins, as a task has them."""
    from airflow import macros, plugins_manager

    plugins_manager.integrate_macros_plugins()
    return macros
