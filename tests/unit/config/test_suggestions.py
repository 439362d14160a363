from __future__ import annotations

import pytest

from harness.config.suggestions import nearest, suggest, to_snake_case


@pytest.mark.parametrize(
    ("word", "expected"),
    [("MaxWorkers", "max_workers"), ("max-worker", "max_workers"), ("warn", "WARNING"), ("quite_else", None)],
)
def test_the_nearest_word_is_found_whatever_its_spelling(word: str, expected: str | None) -> None:
    assert nearest(word, ["max_workers", "min_workers", "WARNING"]) == expected


def test_few_words_are_listed_when_none_is_near() -> None:
    assert suggest("xyz", ["up", "down"], noun="commands") == "valid commands: up, down"


def test_api_names_become_the_keys_of_the_file() -> None:
    assert to_snake_case("DagS3Path") == "dag_s3_path"
