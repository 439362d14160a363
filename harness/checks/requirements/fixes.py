"""The smallest change of the user's own lines with which everything resolves, and applying it to the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from harness.checks.requirements.entries import Origin
from harness.checks.requirements.line_rules import pinned_version
from harness.checks.requirements.resolution import Resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.explanation import Explainer
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.resolution import Answer

_MOST_LOOKS = 3


@dataclass(frozen=True)
class Edit:
    """One changed line: `before` and `after` are what pip reads, without comment."""

    path: Path
    line: int
    before: str
    after: str


@dataclass(frozen=True)
class Fix:
    """Edits with which the file resolves."""

    edits: tuple[Edit, ...]
    resolved: Resolved


class Preference(Enum):
    """Which versions of the user's own packages the resolver tries first."""

    HIGHEST = "highest"
    LOWEST = "lowest-direct"


class Direction(Enum):
    """On which side of the user's version to search."""

    UP = ">"
    DOWN = "<"


_PREFERENCES = {Direction.UP: Preference.LOWEST, Direction.DOWN: Preference.HIGHEST}


class FixSearch:
    """Searches versions near the user's.

    The resolver itself does the searching: asked for the lowest version above the user's, or the highest
    below it, it finds the nearest that fits with a few questions, however many releases there are.
    """

    def __init__(
        self,
        index: Index,
        explainer: Explainer,
        decided: frozenset[str],
        resolve_lines: Callable[[Sequence[str], Preference], Answer],
        resolve_thoroughly: Callable[[Sequence[str]], Answer],
    ) -> None:
        """`decided`: packages whose version is settled, by the constraints or by being installed."""
        self._index = index
        self._explainer = explainer
        self._decided = decided
        self._resolve = resolve_lines
        self._resolve_thoroughly = resolve_thoroughly

    @property
    def is_spent(self) -> bool:
        """Whether the time that a person waits for a proposal is over."""
        return self._explainer.is_spent

    def search(self, entries: Sequence[RequirementEntry], blamed: Sequence[RequirementEntry]) -> Fix | None:
        """Change the blamed lines only, or else any line; None when no versions exist at all.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        everything = [entry for entry in entries if entry.origin is Origin.INDEX]
        for loose in (list(blamed), everything):
            if self.is_spent:
                return None
            wanted = {id(entry): _relax(entry) for entry in loose if entry.origin is Origin.INDEX}
            answer = self._resolve_thoroughly(_lines(entries, wanted)) if wanted else None
            if isinstance(answer, Resolved):
                return self._nearest(entries, wanted, answer)
        return None

    def _nearest(
        self, entries: Sequence[RequirementEntry], wanted: Mapping[int, str], found: Resolved
    ) -> Fix:
        """From any solution to the nearest: each changed line goes back towards what the user wrote."""
        changed = [
            entry
            for entry in entries
            if id(entry) in wanted and entry.name in found.packages and not _accepts(entry, found)
        ]
        chosen = {id(entry): _rewrite(entry, found.packages[entry.name].version) for entry in changed}
        nearest = dict(chosen)
        for entry in changed:
            nearest[id(entry)] = self._approach(entry, entries, nearest)
        if nearest != chosen:
            answer = self._resolve(_lines(entries, nearest), Preference.HIGHEST)
            if isinstance(answer, Resolved):
                chosen, found = nearest, answer
        edits = (_edit(entry, chosen[id(entry)]) for entry in entries if id(entry) in chosen)
        return Fix(tuple(edits), found)

    def _approach(
        self, entry: RequirementEntry, entries: Sequence[RequirementEntry], chosen: Mapping[int, str]
    ) -> str:
        """The line of `entry` with the version nearest to the pinned one, all other lines as chosen."""
        pinned = pinned_version(entry)
        if pinned is None or entry.name in self._decided:
            return chosen[id(entry)]
        order = {version: place for place, version in enumerate(sorted(self._index.releases(entry.name)))}
        steps: dict[str, int] = {}
        for direction in Direction:
            found = self._first(entry, entries, chosen, direction)
            if found is not None and self._learn_between(entry, entries, chosen, found):
                found = self._first(entry, entries, chosen, direction) or found
            if found is not None:
                steps[found] = abs(_place(found, order) - _place(pinned, order))
        return _rewrite(entry, min(steps, key=steps.__getitem__)) if steps else chosen[id(entry)]

    def _first(
        self,
        entry: RequirementEntry,
        entries: Sequence[RequirementEntry],
        chosen: Mapping[int, str],
        direction: Direction,
    ) -> str | None:
        """The version nearest to the pinned one in a direction, as far as the resolver knows."""
        if self.is_spent:
            return None
        attempt = {**chosen, id(entry): _relax(entry, f"{direction.value}{pinned_version(entry)}")}
        answer = self._resolve(_lines(entries, attempt), _PREFERENCES[direction])
        package = answer.packages.get(entry.name) if isinstance(answer, Resolved) else None
        return package.version if package else None

    def _learn_between(
        self,
        entry: RequirementEntry,
        entries: Sequence[RequirementEntry],
        chosen: Mapping[int, str],
        found: str,
    ) -> bool:
        """Look into a release just before `found`; whether it was passed over only for lack of a wheel."""
        wish, limit = Version(pinned_version(entry) or found), Version(found)
        releases = self._index.releases(entry.name)
        low, high = sorted((wish, limit))
        between = [v for v, r in releases.items() if low < v < high and not v.is_prerelease and not r.yanked]
        last = sorted(between, reverse=wish == low)[:_MOST_LOOKS]
        extras = entry.requirement.extras if entry.requirement else set()
        fitting = self._explainer.without_clash(entry.name, [releases[v] for v in last], extras)
        if not fitting or self.is_spent:
            return False
        line = _rewrite(entry, str(fitting[0].version))
        return isinstance(self._resolve_thoroughly(_lines(entries, {**chosen, id(entry): line})), Resolved)


def _place(version: str, order: Mapping[Version, int]) -> int:
    """Where `version` is, or would be, in the sequence of releases."""
    try:
        return order.get(Version(version), sum(known < Version(version) for known in order))
    except InvalidVersion:
        return 0


def _lines(entries: Sequence[RequirementEntry], replaced: Mapping[int, str]) -> list[str]:
    return [replaced.get(id(entry), resolver_line(entry)) for entry in entries]


def resolver_line(entry: RequirementEntry) -> str:
    """The entry as one line for the resolver."""
    return str(entry.requirement) if entry.requirement is not None else entry.text


def _relax(entry: RequirementEntry, specifier: str = "") -> str:
    """The entry's requirement with another specifier, or none."""
    requirement = entry.requirement
    if requirement is None:
        return entry.text
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{specifier}{marker}"


def _accepts(entry: RequirementEntry, found: Resolved) -> bool:
    requirement = entry.requirement
    version = found.packages[entry.name].version
    return requirement is None or requirement.specifier.contains(version, prereleases=True)


def _rewrite(entry: RequirementEntry, version: str) -> str:
    """The entry's text with an exact pin, everything else as the user wrote it."""
    requirement = entry.requirement
    if requirement is None:
        return entry.text
    head = re.match(r"^\s*[A-Za-z0-9._-]+\s*(\[[^\]]*\])?", entry.text)
    marker = entry.text.partition(";")
    tail = f"{marker[1]}{marker[2]}" if marker[1] else ""
    return f"{head.group(0).rstrip() if head else requirement.name}=={version}{tail}"


def _edit(entry: RequirementEntry, text: str) -> Edit:
    return Edit(entry.line.path, entry.line.line, entry.text, text)


def apply_edits(text: str, edits: Sequence[Edit]) -> tuple[str, tuple[Edit, ...]]:
    """`text` with the edits that fit on one physical line, and those edits; comments and order stay."""
    lines = text.splitlines(keepends=True)
    applied = []
    for edit in edits:
        line = lines[edit.line - 1] if edit.line <= len(lines) else ""
        if edit.before in line:
            lines[edit.line - 1] = line.replace(edit.before, edit.after, 1)
            applied.append(edit)
    return "".join(lines), tuple(applied)
