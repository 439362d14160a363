"""What values a setting may have: small rules, each yielding the problems it sees with one value."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.config import quotas
from harness.config.reserved_options import BLOCKED_OPTIONS
from harness.config.service_model import create_environment_limits, log_levels, service_names
from harness.config.suggestions import nearest, suggest
from harness.config.values import Problem
from harness.config.versions import SUPPORTED_VERSIONS

if TYPE_CHECKING:
    from harness.config.service_model import Limit

Rule = Callable[[Any], Iterator[Problem]]

_MODEL_SOURCE = "API of Amazon MWAA, CreateEnvironment"
_SHOWN_CHARACTERS = 40


def from_model(member: str, *, describe: str = "", optional: bool = False) -> Rule:
    """The limits that botocore's model states for `member` of CreateEnvironment.

    Args:
        member: API name, e.g. "MaxWorkers".
        describe: the pattern in words, for the error.
        optional: an empty text means "not set" and passes.
    """

    def check(value: Any) -> Iterator[Problem]:
        if value == "" and optional:
            return
        yield from check_limit(create_environment_limits()[member], value, describe=describe)

    return check


def check_limit(limit: Limit, value: Any, *, describe: str = "", entry: str = "") -> Iterator[Problem]:
    """The first problem of `value` (a text or a number) with `limit`."""
    size, unit = (len(value), " characters long") if isinstance(value, str) else (value, "")
    shown = _shorten(value)
    if limit.choices and value not in limit.choices:
        hint = suggest(str(value).upper(), limit.choices, noun="values")
        yield Problem(f"is {shown}; MWAA allows {_join(limit.choices)}", hint, entry)
    elif limit.maximum is not None and size > limit.maximum:
        yield Problem(f"is {size}{unit}; MWAA allows at most {limit.maximum} ({_MODEL_SOURCE})", None, entry)
    elif limit.minimum is not None and size < limit.minimum:
        what = "is empty" if value == "" else f"is {size}{unit}"
        yield Problem(f"{what}; MWAA asks for at least {limit.minimum} ({_MODEL_SOURCE})", None, entry)
    elif isinstance(value, str) and not limit.matches(value):
        words = describe or f"what matches {limit.pattern}"
        yield Problem(f"is {shown}; MWAA allows {words} ({_MODEL_SOURCE})", None, entry)


def within(least: float, most: float, *, source: str = "", hint: str | None = None) -> Rule:
    """Numbers from `least` to `most`; `source` is what sets the limit, the harness itself when empty."""

    def check(value: Any) -> Iterator[Problem]:
        if not least <= value <= most:
            who = (
                f"MWAA allows {least:g} to {most:g} ({source})"
                if source
                else f"allowed: {least:g} to {most:g}"
            )
            yield Problem(f"is {value:g}; {who}", hint or f"write a number from {least:g} to {most:g}")

    return check


def one_of(choices: Collection[str], *, noun: str) -> Rule:
    """One of a few words."""

    def check(value: Any) -> Iterator[Problem]:
        if value not in choices:
            yield Problem(
                f"is {_shorten(value)}; valid {noun}: {_join(choices)}", _did_you_mean(value, choices)
            )

    return check


def is_log_level(value: Any) -> Iterator[Problem]:
    """A level of LoggingConfiguration."""
    return one_of(log_levels(), noun="levels")(value)


def is_supported_version(value: Any) -> Iterator[Problem]:
    """A release of Airflow that the harness emulates."""
    if value not in SUPPORTED_VERSIONS:
        supported = _join(SUPPORTED_VERSIONS)
        hint = f'write airflow_version = "{SUPPORTED_VERSIONS[-1]}", or leave the line out'
        yield Problem(f"is {_shorten(value)}; supported: {supported}", hint)


def matching(pattern: str, *, describe: str, optional: bool = False) -> Rule:
    """Texts that match `pattern` as a whole; `describe` says it in words, with an example."""

    def check(value: Any) -> Iterator[Problem]:
        if not (optional and value == "") and re.fullmatch(pattern, value) is None:
            yield Problem(f"is {_shorten(value)}; it must be {describe}")

    return check


def is_bucket_key(value: Any) -> Iterator[Problem]:
    """A key relative to the source bucket."""
    if value.startswith(("/", "s3:")):
        hint = f'write the key alone, e.g. "{value.rstrip("/").rpartition("/")[2] or "dags"}"'
        yield Problem(f"is {_shorten(value)}; MWAA wants a key relative to the source bucket", hint)


def is_path(value: Any) -> Iterator[Problem]:
    """A path below or beside the project."""
    if not value.strip() or "\0" in value:
        yield Problem("is empty; it must be a path relative to the project")


def are_services(value: Any) -> Iterator[Problem]:
    """Names of AWS services."""
    for name in value:
        if name not in service_names():
            hint = (
                _did_you_mean(name, service_names()) or "services have the names that the AWS CLI gives them"
            )
            yield Problem(f"names {_shorten(name)}, which is no AWS service", hint)


def are_airflow_options(value: Mapping[str, str]) -> Iterator[Problem]:
    """Options that MWAA takes: `section.option`, and none that it keeps for itself."""
    limit = create_environment_limits()["AirflowConfigurationOptions"]
    for name, text in value.items():
        yield from _check_airflow_option(limit, name, text)


def _check_airflow_option(limit: Limit, name: str, text: str) -> Iterator[Problem]:
    problem = next(check_limit(limit.key, name), None) if limit.key else None
    if problem is not None or "." not in name:
        words = "is no option's name; MWAA wants section.option in lower case"
        yield Problem(f"{words}, at most 64 characters", _option_hint(name), name)
    elif name in BLOCKED_OPTIONS:
        yield Problem(f"cannot be set: {BLOCKED_OPTIONS[name]}", "remove this line", name)
    elif limit.value and not text:
        yield Problem("is empty; MWAA wants at least 1 character", "remove this line to unset it", name)
    elif limit.value and not limit.value.matches(text):
        # The value itself may be a secret, so it is not shown.
        yield Problem("holds other characters than printable ASCII, which MWAA refuses", None, name)
    elif limit.value and limit.value.maximum is not None and len(text) > limit.value.maximum:
        yield Problem(f"is {len(text)} characters long; MWAA allows {limit.value.maximum}", None, name)


def are_tags(value: Mapping[str, str]) -> Iterator[Problem]:
    """Tags that AWS takes."""
    limit = create_environment_limits()["Tags"]
    if limit.maximum is not None and len(value) > limit.maximum:
        yield Problem(f"has {len(value)} entries; MWAA allows at most {limit.maximum} ({_MODEL_SOURCE})")
    words = "letters, digits, spaces and _ . : / = + - @"
    for key, text in value.items():
        if key.lower().startswith(quotas.RESERVED_TAG_PREFIX):
            yield Problem(
                "is a reserved key: AWS keeps the prefix aws: for itself", "choose another key", key
            )
            continue
        yield from _about_key(check_limit(limit.key, key, describe=words), key) if limit.key else ()
        yield from check_limit(limit.value, text, describe=words, entry=key) if limit.value else ()


def _about_key(problems: Iterator[Problem], key: str) -> Iterator[Problem]:
    for problem in problems:
        yield Problem(f"has a key that {problem.predicate}", problem.hint, key)


def _option_hint(name: str) -> str:
    if name.upper().startswith("AIRFLOW__"):
        section, _, option = name[len("AIRFLOW__") :].partition("__")
        return f'write "{section.lower()}.{option.lower()}"'
    return 'for example "core.default_task_retries"'


def _did_you_mean(word: Any, valid: Collection[str]) -> str | None:
    found = nearest(str(word), valid)
    return None if found is None else f"did you mean {found}?"


def _shorten(value: Any) -> str:
    text = str(value)
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
    return f'"{shown}"' if isinstance(value, str) else shown


def _join(words: Collection[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
