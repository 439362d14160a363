"""Parts of a list, for CI machines that share the work: each takes every N-th entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")


@dataclass(frozen=True)
class Shard:
    """Part `part` of `parts`, counted from 1."""

    part: int = 1
    parts: int = 1

    def choose(self, entries: Sequence[_T]) -> Sequence[_T]:
        """What this part has of `entries`."""
        return entries[self.part - 1 :: self.parts]


WHOLE = Shard()


def read_shard(text: str | None) -> Shard:
    """What `--shard` says, such as 2/5; all of it when nothing is said.

    Raises:
        UsageError: it is no shard.
    """
    part, slash, parts = (text or "1/1").partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {text} is not K/N with 1 ≤ K ≤ N", hint="e.g. --shard 2/5")
    return Shard(int(part), int(parts))
