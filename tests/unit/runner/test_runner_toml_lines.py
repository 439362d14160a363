from __future__ import annotations

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from harness.runner.toml_lines import find_lines

_TEXT = '''# a comment with [brackets] and = signs
title = "a # b"

[dags.first]  # comment
conf = { a = 1, b = [1, 2] }
text = """
[not.a.table]
key = 1
"""
list = [
  "x]",  # ]
  "y",
]
expect.xcoms = { t = 1 }

[[dags."se.cond".cases]]
name = 'one'

[[dags."se.cond".cases]]
name = 'two'
deep.er = 1
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("title",), 2),
        (("dags",), 4),
        (("dags", "first"), 4),
        (("dags", "first", "conf"), 5),
        (("dags", "first", "text"), 6),
        (("dags", "first", "list"), 10),
        (("dags", "first", "expect"), 14),
        (("dags", "first", "expect", "xcoms"), 14),
        (("dags", "se.cond", "cases", 0), 16),
        (("dags", "se.cond", "cases", 0, "name"), 17),
        (("dags", "se.cond", "cases", 1, "name"), 20),
        (("dags", "se.cond", "cases", 1, "deep", "er"), 21),
    ],
)
def test_every_key_has_its_line(keys: tuple[str | int, ...], line: int) -> None:
    tomli.loads(_TEXT)
    assert find_lines(_TEXT)[keys] == line


def test_what_looks_like_a_table_inside_a_string_is_none() -> None:
    assert ("not", "a", "table") not in find_lines(_TEXT)


@given(st.text(alphabet="ab=[]{}\"'#\n. 1,", max_size=60))
def test_any_document_the_parser_accepts_is_scanned_to_its_end(text: str) -> None:
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return
    assert {keys[0] for keys in find_lines(text)} == set(document)
