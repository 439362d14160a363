from __future__ import annotations

from pathlib import Path

import pytest

from harness.checks.requirements.source import LogicalLine, decode, encode, split_logical_lines

FILE = Path("requirements.txt")


def _lines(text: str) -> list[LogicalLine]:
    return list(split_logical_lines(text, FILE))


def test_comments_and_blank_lines_are_no_lines() -> None:
    assert [line.text for line in _lines("# a\n\n  # b\npandas # c\n")] == ["pandas"]


def test_a_hash_inside_a_word_is_no_comment() -> None:
    assert _lines("x @ https://example.com/x.whl#sha256=1")[0].text.endswith("#sha256=1")


def test_continued_lines_are_joined_and_every_character_keeps_its_place() -> None:
    line = _lines("pandas \\\n  ==1.5.2\n")[0]
    assert line.text == "pandas   ==1.5.2"
    location, source = line.locate(line.text.index("=="))
    assert (location.line, location.column, source) == (2, 3, "  ==1.5.2")


def test_a_comment_ends_a_continuation() -> None:
    assert [line.text for line in _lines("pandas \\\n# why\nnumpy\n")] == ["pandas", "numpy"]


def test_a_continuation_at_the_end_of_the_file_counts() -> None:
    assert [line.text for line in _lines("pandas \\")] == ["pandas"]


def test_windows_line_ends_leave_nothing_behind() -> None:
    assert [line.text for line in _lines("pandas\r\nnumpy\r\n")] == ["pandas", "numpy"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-8"])
def test_text_is_decoded_as_pip_does(encoding: str) -> None:
    data = "pandas  # é".encode(encoding)
    assert decode(data).text == "pandas  # é"
    assert encode(decode(data).text, data).endswith(data[4:])


def test_a_declared_encoding_is_used() -> None:
    assert decode("# -*- coding: latin-1 -*-\n# é".encode("latin-1")).text.endswith("é")


@pytest.mark.parametrize("data", [b"\xff", b"# coding: no-such-thing\n"])
def test_what_cannot_be_decoded_is_a_problem_not_an_error(data: bytes) -> None:
    assert decode(data).problem
