"""Which of the user's lines a package comes from, as the resolver tells: a finding needs a line to edit."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.checks.requirements.resolution import ANNOTATED, compile_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from harness.checks.requirements.resolution import Inputs, Resolved
    from harness.workerenv.packager import Packager

_ANNOTATED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:==| @ )\S+.*?\s+# via (?P<parents>.+)$")

Chain = tuple[str, ...]
"""Names from a user's line down to a package; each needs the next."""


def trace_origins(
    packager: Packager, inputs: Inputs, answer: Resolved, lines: Collection[str], wanted: Iterable[str]
) -> Mapping[str, Chain]:
    """The shortest chain from one of `lines` (names) to each `wanted` package that no line names itself."""
    names = [name for name in wanted if name not in lines]
    if not names:
        return {}
    # With every version given there is nothing left to decide, and what the index said is in uv's cache.
    network = ("--offline",) if answer.is_offline else ()
    pins = tuple(f"{package.name}=={package.version}" for package in answer.packages.values())
    told = compile_lines(packager, replace(inputs, constraints=pins), (*ANNOTATED, *network))
    parents = read_parents(told)
    chains = {name: find_chain(name, parents, lines) for name in names}
    return {name: chain for name, chain in chains.items() if chain}


def read_parents(lines: Sequence[str]) -> Mapping[str, Chain]:
    """Who needs each package, of `name==version  # via a, b`; files (`-r …`, `-c …`) are left out."""
    found = (match for match in map(_ANNOTATED.match, lines) if match)
    return {
        match["name"]: tuple(p for p in match["parents"].split(", ") if not p.startswith("-"))
        for match in found
    }


def find_chain(name: str, parents: Mapping[str, Chain], lines: Collection[str]) -> Chain:
    """The shortest way from one of `lines` down to `name`; empty when there is none."""
    level: list[Chain] = [(name,)]
    seen = {name}
    while level:
        for chain in level:
            if chain[0] in lines:
                return chain
        above = ((parent, *chain) for chain in level for parent in parents.get(chain[0], ()))
        level = []
        for chain in above:
            if chain[0] not in seen:
                seen.add(chain[0])
                level.append(chain)
    return ()
