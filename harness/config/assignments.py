"""One option given one value by one source; and what a source said in all, good and bad."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.config.options import Option
from harness.config.origins import Origin, Source
from harness.config.values import ValueProblemError
from harness.errors import Location, UsageError

if TYPE_CHECKING:
    from harness.config.values import Kind, Problem


@dataclass(frozen=True)
class Assignment:
    """A value for an option. `places` tells where each entry of a table stands, if it is in a file."""

    option: Option
    value: Any
    origin: Origin
    places: Mapping[str, Location] = field(default_factory=dict)


@dataclass
class Reading:
    """What one source says: assignments that hold; an error for each that does not, and their options."""

    assignments: list[Assignment] = field(default_factory=list)
    errors: list[UsageError] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def add_problems(
        self, problems: Iterable[Problem], option: Option, origin: Origin, places: Mapping[str, Location]
    ) -> None:
        """Turn problems with a value into errors that say where it was set."""
        self.refused.add(option.path)
        self.errors += [to_error(problem, option, origin, places) for problem in problems]


def to_error(
    problem: Problem, option: Option, origin: Origin, places: Mapping[str, Location] | None = None
) -> UsageError:
    """The error a person reads: the setting, how it was set, what is wrong, what to do."""
    subject = f"{option.path}.{problem.entry}" if problem.entry else option.path
    if problem.entry and "." in problem.entry:
        subject = f'"{problem.entry}" in {option.path}'
    if origin.source is Source.VARIABLE:
        subject = f"environment variable {origin.name}: {subject}"
    elif origin.source is Source.FLAG:
        subject = f"{origin.name}: {subject}"
    location = (places or {}).get(problem.entry, origin.location)
    return UsageError(f"{subject} {problem.predicate}", hint=problem.hint, location=location)


def read_value(read: Callable[[Kind, Any], Any], raw: Assignment, reading: Reading) -> None:
    """Read and judge the raw value of one assignment; add to `reading` what comes of it."""
    option, origin, places = raw.option, raw.origin, raw.places
    try:
        assignment = replace(raw, value=read(option.kind, raw.value))
    except ValueProblemError as error:
        reading.add_problems(error.problems, option, origin, places)
        if error.rest is not None:
            _find_problems(replace(raw, value=error.rest), reading)
    else:
        if not _find_problems(assignment, reading):
            reading.assignments.append(assignment)


def _find_problems(assignment: Assignment, reading: Reading) -> list[Problem]:
    option = assignment.option
    for rule in option.rules:
        problems = list(rule(assignment.value))
        if problems:
            reading.add_problems(problems, option, assignment.origin, assignment.places)
            return problems
    return []
