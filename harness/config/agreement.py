"""Rules about several settings at once: least and most, and what an environment class allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.config import quotas
from harness.config.values import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.config.quotas import Range

_CLASS = "environment.environment_class"
_ACCESS_MODE = "environment.webserver_access_mode"
_VERSION = "environment.airflow_version"


@dataclass(frozen=True)
class Disagreement:
    """The setting at `path` does not fit one at another path of `involved`."""

    path: str
    problem: Problem
    involved: tuple[str, ...]


def find_disagreements(values: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Disagreement]:
    """The settings that do not fit the others.

    Args:
        values: the effective value of every option, by path.
        given: those of them which somebody set; they get the blame.
    """
    micro = values[_CLASS] == quotas.MICRO
    webservers = quotas.MICRO_WEBSERVERS if micro else quotas.WEBSERVERS
    limits = {
        "environment.schedulers": quotas.MICRO_SCHEDULERS if micro else quotas.SCHEDULERS,
        "environment.min_webservers": webservers,
        "environment.max_webservers": webservers,
    }
    outside = {path for path, limit in limits.items() if not limit.least <= values[path] <= limit.most}
    for path in sorted(outside):
        yield Disagreement(path, _outside(values[path], limits[path], values[_CLASS]), (path, _CLASS))
    for noun in ("workers", "webservers"):
        least, most = f"environment.min_{noun}", f"environment.max_{noun}"
        if not {least, most} & outside and values[least] > values[most]:
            yield _blame_order(least, most, values, given)
    if values[_ACCESS_MODE] == quotas.AIRFLOW_3_ACCESS_MODE:
        predicate = (
            f'is "{values[_ACCESS_MODE]}"; MWAA has it from Airflow 3.2 on, this is {values[_VERSION]}'
        )
        problem = Problem(predicate, "write PUBLIC_ONLY or PRIVATE_ONLY")
        yield Disagreement(_ACCESS_MODE, problem, (_ACCESS_MODE, _VERSION))


def _outside(value: int, limit: Range, environment_class: str) -> Problem:
    hint = f"write a number from {limit.least} to {limit.most}"
    if limit.least == limit.most:
        allowed = f"{limit.least} on {environment_class}"
        hint = f"write {limit.least}, or choose a larger environment_class"
    else:
        allowed = f"{limit.least} to {limit.most} on {environment_class}"
        if value == 1:
            hint = f"{quotas.MICRO} is the class that has one"
    return Problem(f"is {value}; MWAA allows {allowed} ({limit.source})", hint)


def _blame_order(least: str, most: str, values: Mapping[str, Any], given: Mapping[str, Any]) -> Disagreement:
    hint = f"raise {most} or lower {least}"
    if least in given:
        predicate = f"is {values[least]}, more than {most.partition('.')[2]}, which is {values[most]}"
        return Disagreement(least, Problem(predicate, hint), (least, most))
    predicate = f"is {values[most]}, less than {least.partition('.')[2]}, which is {values[least]}"
    return Disagreement(most, Problem(predicate, hint), (least, most))
