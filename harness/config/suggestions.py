"""The nearest valid word to one that is not."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEW = 12


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid word that `word` was probably meant to be; case does not count, CamelCase is snake_case."""
    candidates = {candidate.lower(): candidate for candidate in valid}
    for spelled in (word.strip().lower(), to_snake_case(word)):
        if spelled in candidates:
            return candidates[spelled]
    found = difflib.get_close_matches(to_snake_case(word), list(candidates), n=1, cutoff=0.6)
    return candidates[found[0]] if found else None


def to_snake_case(word: str) -> str:
    """`MaxWorkers` or `max-workers` as `max_workers`; `DagS3Path` as `dag_s3_path`."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word.strip())
    return split.replace("-", "_").lower()


def suggest(word: str, valid: Iterable[str], *, noun: str) -> str:
    """A hint: the nearest valid word, else the valid ones when they are few, else nothing but `noun`."""
    candidates = list(valid)
    found = nearest(word, candidates)
    if found is not None:
        return f"did you mean {found}?"
    if len(candidates) <= _FEW:
        return f"valid {noun}: {', '.join(candidates)}"
    return f"valid {noun} are listed by: mwaa-harness config show"
