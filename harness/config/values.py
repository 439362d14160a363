"""The kinds of values a setting can have, read from TOML, from a variable's text or from a flag."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value: `predicate` continues a sentence that begins with the setting's name.

    Attributes:
        predicate: "must be …", "is …; MWAA allows …".
        hint: what to write instead.
        entry: the key of a table that the problem is with, rather than the whole table.
    """

    predicate: str
    hint: str | None = None
    entry: str = ""


class ValueProblemError(ValueError):
    """A value cannot be read; carries every problem with it, and what could be read in spite of them."""

    def __init__(self, *problems: Problem, rest: Any = None) -> None:
        super().__init__("; ".join(problem.predicate for problem in problems))
        self.problems = problems
        self.rest = rest


class Kind(Enum):
    """What a value is, as a person would say it."""

    TEXT = "a text in quotes"
    INTEGER = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    NAMES = "a list of texts"
    TABLE = "a table of texts"


def read_toml(kind: Kind, value: Any) -> Any:
    """`value`, as the TOML parser gave it, as a setting of this kind.

    Raises:
        ValueProblemError: it is of another type.
    """
    return _TOML_READERS[kind](value)


def read_text(kind: Kind, text: str) -> Any:
    """`text`, from an environment variable, as a setting of this kind.

    Lists are separated by commas; tables are written as in TOML: `{ key = "value" }`.

    Raises:
        ValueProblemError: it does not read as one.
    """
    return _TEXT_READERS[kind](text)


def describe_type(value: Any) -> str:
    """What a TOML value is, as a person would say it."""
    for types, words in _TYPE_WORDS:
        if isinstance(value, types):
            return words
    return "a date or time"


def flatten(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The leaves of nested tables: TOML reads an unquoted `core.parallelism` as two keys."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten(value, (*path, key))
        else:
            yield (*path, key), value


def _require(types: tuple[type, ...], value: Any, kind: Kind, hint: str | None = None) -> Any:
    if isinstance(value, types) and (bool in types or not isinstance(value, bool)):
        return value
    raise ValueProblemError(Problem(f"must be {kind.value}, not {describe_type(value)}", hint))


def _toml_text(value: Any) -> str:
    text: str = _require((str,), value, Kind.TEXT, hint=_quote_hint(value))
    return text


def _toml_integer(value: Any) -> int:
    number: int = _require((int,), value, Kind.INTEGER, hint=_unquote_hint(value))
    return number


def _toml_number(value: Any) -> float:
    number = float(_require((int, float), value, Kind.NUMBER, hint=_unquote_hint(value)))
    if not math.isfinite(number):
        raise ValueProblemError(Problem(f"must be a finite number, not {number}"))
    return number


def _toml_switch(value: Any) -> bool:
    switch: bool = _require((bool,), value, Kind.SWITCH, hint="write true or false, without quotes")
    return switch


def _toml_names(value: Any) -> tuple[str, ...]:
    names: list[Any] = _require((list,), value, Kind.NAMES, hint='write ["s3", "sqs"]')
    problems = [
        Problem(f"must hold texts in quotes, but entry {number} is {describe_type(name)}", _quote_hint(name))
        for number, name in enumerate(names, start=1)
        if not isinstance(name, str)
    ]
    if problems:
        raise ValueProblemError(*problems)
    return tuple(names)


def _toml_table(value: Any) -> Mapping[str, str]:
    table: dict[str, Any] = _require((dict,), value, Kind.TABLE, hint='write { key = "value" }')
    leaves = list(flatten(table))
    problems = [
        Problem(
            f"must be {Kind.TEXT.value}, not {describe_type(leaf)}",
            "put quotes around the value" if isinstance(leaf, bool | int | float) else None,
            ".".join(path),
        )
        for path, leaf in leaves
        if not isinstance(leaf, str)
    ]
    texts = {".".join(path): leaf for path, leaf in leaves if isinstance(leaf, str)}
    if problems:
        raise ValueProblemError(*problems, rest=texts)
    return texts


def _quote_hint(value: Any) -> str | None:
    if isinstance(value, bool):
        return f'quote it: "{value}"'
    return f'quote it: "{value}"' if isinstance(value, int | float) else None


def _unquote_hint(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return None
        return f"write it without quotes: {value}"
    return None


def _text_integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueProblemError(Problem(f"must be {Kind.INTEGER.value}, not {text!r}")) from None


def _text_number(text: str) -> float:
    try:
        return _toml_number(float(text))
    except ValueProblemError:
        raise
    except ValueError:
        raise ValueProblemError(Problem(f"must be {Kind.NUMBER.value}, not {text!r}")) from None


def _text_switch(text: str) -> bool:
    try:
        return _SWITCH_WORDS[text.strip().lower()]
    except KeyError:
        raise ValueProblemError(Problem(f"must be {Kind.SWITCH.value}, not {text!r}")) from None


def _text_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _text_table(text: str) -> Mapping[str, str]:
    try:
        value = tomli.loads(f"table = {text}")["table"]
    except tomli.TOMLDecodeError as error:
        hint = 'write it as a TOML inline table: { key = "value" }'
        raise ValueProblemError(Problem(f"is not a table: {error.msg}", hint)) from error
    return _toml_table(value)


_SWITCH_WORDS = {"true": True, "1": True, "yes": True, "on": True} | {
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
_TYPE_WORDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool,), "true or false"),
    ((str,), "a text"),
    ((int,), "a whole number"),
    ((float,), "a number with a fraction"),
    ((list, tuple), "a list"),
    ((dict,), "a table"),
)
_TOML_READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _toml_text,
    Kind.INTEGER: _toml_integer,
    Kind.NUMBER: _toml_number,
    Kind.SWITCH: _toml_switch,
    Kind.NAMES: _toml_names,
    Kind.TABLE: _toml_table,
}
_TEXT_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.INTEGER: _text_integer,
    Kind.NUMBER: _text_number,
    Kind.SWITCH: _text_switch,
    Kind.NAMES: _text_names,
    Kind.TABLE: _text_table,
}
