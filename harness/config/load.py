"""The settings of a project: defaults < mwaa.toml < environment variables < command line.

Every source is read to its end and every error reported, not the first alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.config.agreement import find_disagreements
from harness.config.assignments import Assignment, Reading, read_value, to_error
from harness.config.building import build_settings, default_values
from harness.config.model import SETTINGS_FILE, Settings
from harness.config.options import OPTIONS, OPTIONS_BY_PATH, SECTIONS, VARIABLE_PREFIX
from harness.config.origins import DEFAULT_ORIGIN, Origin, Source
from harness.config.settings_file import read_settings_file
from harness.config.suggestions import nearest
from harness.config.values import read_text, read_toml
from harness.errors import CollectedError, HarnessError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class LoadedSettings:
    """The settings, and who set each of them; both `values` and `origins` go by "section.key".

    The entries of a table that is in the file have origins of their own, by "section.key.entry".
    """

    settings: Settings
    values: Mapping[str, Any]
    origins: Mapping[str, Origin]


def load_settings(root: Path, environ: Mapping[str, str], overrides: Mapping[str, object]) -> LoadedSettings:
    """Settings of the project in folder `root`.

    Args:
        root: the project; it need not hold a mwaa.toml.
        environ: variables MWAA_HARNESS_<SECTION>_<KEY> count.
        overrides: values of flags by the option's path, e.g. {"local.runtime": "native"}.

    Raises:
        CollectedError: everything that is wrong, in the order file, variables, flags.
    """
    try:
        readings = [read_settings_file(root / SETTINGS_FILE)]
    except UsageError as error:
        readings = [Reading(errors=[error])]
    readings += [_read_variables(environ), _read_flags(overrides)]
    effective = {made.option.path: made for reading in readings for made in reading.assignments}
    given = {path: assignment.value for path, assignment in effective.items()}
    values = {**default_values(given), **given}
    errors: list[HarnessError] = []
    for reading in readings:
        errors += reading.errors
    errors += _disagreements(values, effective, {path for reading in readings for path in reading.refused})
    if errors:
        raise CollectedError(tuple(sorted(errors, key=_place)))
    origins = {option.path: _origin(effective, option.path) for option in OPTIONS}
    for path, assignment in effective.items():
        entries = assignment.places.items()
        origins |= {f"{path}.{entry}": replace(assignment.origin, location=place) for entry, place in entries}
    return LoadedSettings(build_settings(values), values, origins)


def _disagreements(
    values: Mapping[str, Any], effective: Mapping[str, Assignment], refused: set[str]
) -> list[UsageError]:
    return [
        to_error(found.problem, OPTIONS_BY_PATH[found.path], _origin(effective, found.path))
        for found in find_disagreements(values, effective)
        if refused.isdisjoint(found.involved)
    ]


def _origin(effective: Mapping[str, Assignment], path: str) -> Origin:
    assignment = effective.get(path)
    return DEFAULT_ORIGIN if assignment is None else assignment.origin


def _read_variables(environ: Mapping[str, str]) -> Reading:
    reading = Reading()
    by_variable = {option.variable: option for option in OPTIONS}
    for name in sorted(environ):
        option = by_variable.get(name)
        if option is None:
            if name.startswith(_SECTION_PREFIXES):
                reading.errors.append(_unknown_variable(name, list(by_variable)))
            continue
        origin = Origin(Source.VARIABLE, name=name)
        read_value(read_text, Assignment(option, environ[name], origin), reading)
    return reading


def _unknown_variable(name: str, valid: list[str]) -> UsageError:
    found = nearest(name, valid)
    hint = f"did you mean {found}?" if found else "unset it"
    return UsageError(f"environment variable {name} sets nothing: there is no such setting", hint=hint)


def _read_flags(overrides: Mapping[str, object]) -> Reading:
    reading = Reading()
    for path, value in overrides.items():
        option = OPTIONS_BY_PATH[path]
        origin = Origin(Source.FLAG, name=option.flag)
        read_value(read_toml, Assignment(option, value, origin), reading)
    return reading


def _place(error: HarnessError) -> tuple[int, int, int]:
    place = error.location
    return (1, 0, 0) if place is None else (0, place.line or 0, place.column or 0)


_SECTION_PREFIXES = tuple(f"{VARIABLE_PREFIX}{name.upper()}_" for name in SECTIONS if "." not in name)
