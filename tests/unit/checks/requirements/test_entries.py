from __future__ import annotations

from pathlib import Path

import pytest

from harness.checks.requirements.entries import (
    Entry,
    Mistake,
    OptionEntry,
    Origin,
    RequirementEntry,
    parse_line,
)
from harness.checks.requirements.source import split_logical_lines


def _parse(text: str) -> list[Entry]:
    return [entry for line in split_logical_lines(text, Path("r.txt")) for entry in parse_line(line)]


def _requirement(text: str) -> RequirementEntry:
    entry = _parse(text)[0]
    assert isinstance(entry, RequirementEntry)
    return entry


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("-c file.txt", "constraint", "file.txt"),
        ("-cfile.txt", "constraint", "file.txt"),
        ("--constraint=file.txt", "constraint", "file.txt"),
        ('--constraint "a b.txt"', "constraint", "a b.txt"),
        ("--const file.txt", "constraint", "file.txt"),
        ("--no-index", "no-index", ""),
    ],
)
def test_options_are_read_in_every_spelling(text: str, name: str, value: str) -> None:
    entry = _parse(text)[0]
    assert isinstance(entry, OptionEntry)
    assert (entry.name, entry.value) == (name, value)


def test_several_options_share_a_line() -> None:
    assert [e.name for e in _parse("--no-index --find-links x") if isinstance(e, OptionEntry)] == [
        "no-index",
        "find-links",
    ]


@pytest.mark.parametrize(
    ("text", "origin", "name"),
    [
        ("Pandas[all]>=1 ; python_version > '3'", Origin.INDEX, "pandas"),
        ("x @ https://example.com/x-1-py3-none-any.whl", Origin.URL, "x"),
        ("https://example.com/my_lib-1-py3-none-any.whl", Origin.URL, "my-lib"),
        ("git+https://example.com/x.git", Origin.VCS, ""),
        ("x @ git+https://example.com/x.git", Origin.VCS, "x"),
        ("./x", Origin.LOCAL, ""),
        ("x-1.0.tar.gz", Origin.LOCAL, ""),
        ("-e ./x", Origin.LOCAL, ""),
    ],
)
def test_requirements_know_where_they_come_from(text: str, origin: Origin, name: str) -> None:
    entry = _requirement(text)
    assert (entry.origin, entry.name) == (origin, name)


def test_hashes_belong_to_their_requirement() -> None:
    assert _requirement("six==1.16.0 --hash=sha256:ab --hash sha256:cd").hashes == ("sha256:ab", "sha256:cd")


@pytest.mark.parametrize(
    ("text", "part", "offset"),
    [
        ("pandas=1.5.2", "==", 6),
        ("--upgrade", "--upgrade", 0),
        ("-c", "needs a value", 0),
        ("pandas --user", "--user", 7),
        ("six --hash=md5:ab", "sha256", 11),
        ("-r 'x", "quotation", 0),
    ],
)
def test_a_mistake_says_what_and_where(text: str, part: str, offset: int) -> None:
    entry = _parse(text)[0]
    assert isinstance(entry, Mistake)
    assert part in entry.message
    assert entry.offset == offset
