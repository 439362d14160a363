"""The smallest change of the user's own lines with which everything resolves, and applying it to the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.checks.requirements.entries import Origin
from harness.checks.requirements.neighbourhood import Neighbourhood
from harness.checks.requirements.resolution import Resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.knowledge import Knowledge
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
        knowledge: Knowledge,
        decided: frozenset[str],
        resolve_lines: Callable[[Sequence[str], Preference], Answer],
        resolve_thoroughly: Callable[[Sequence[str]], Answer],
    ) -> None:
        """`decided`: packages whose version is settled, by the constraints or by being installed."""
        self._index = index
        self._knowledge = knowledge
        self._near = Neighbourhood(index, knowledge)
        self._decided = decided
        self._resolve = resolve_lines
        self._resolve_thoroughly = resolve_thoroughly

    @property
    def is_spent(self) -> bool:
        """Whether the time that a person waits for a proposal is over."""
        return self._knowledge.is_spent

    def search(self, entries: Sequence[RequirementEntry], blamed: Sequence[RequirementEntry]) -> Fix | None:
        """Change the blamed lines only, or else any line; None when no versions exist at all.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        everything = [entry for entry in entries if entry.origin is Origin.INDEX]
        changeable = [entry for entry in everything if entry in blamed]
        for loose in filter(None, (changeable, everything)):
            self._near.explore(entry for entry in loose if self._is_free(entry))
            beside = self._beside(entries, loose)
            if beside is not None:
                return beside
            nearby = {id(entry): _relax(entry, self._near.bounds(entry)) for entry in loose}
            anywhere = {id(entry): _relax(entry) for entry in loose}
            for wanted in (nearby, anywhere) if nearby != anywhere else (anywhere,):
                answer = None if self.is_spent else self._resolve_thoroughly(_lines(entries, wanted))
                if isinstance(answer, Resolved):
                    return self._nearest(entries, loose, answer)
        return None

    def why_none(self, entry: RequirementEntry) -> str:
        """What rules out the releases around a line's own, in words; empty when nothing does so at once."""
        return self._near.why_none(entry)

    def _is_free(self, entry: RequirementEntry) -> bool:
        """Whether its version is to be chosen, near one that the user wishes."""
        return entry.name not in self._decided and self._near.wish(entry) is not None

    def _beside(self, entries: Sequence[RequirementEntry], loose: Sequence[RequirementEntry]) -> Fix | None:
        """Move the loose lines all up, or all down, no further than their known neighbours."""
        found = []
        for direction in Direction:
            sides = [(entry, self._onwards(entry, direction)) for entry in loose]
            is_known = any(self._near.bounds(entry) for entry in loose)
            if self.is_spent or not is_known or not all(self._near.offers(*side) for side in sides):
                continue
            wanted = {id(entry): _relax(entry, side) for entry, side in sides}
            answer = self._resolve(_lines(entries, wanted), _PREFERENCES[direction])
            if isinstance(answer, Resolved):
                found.append(answer)
        if not found:
            return None
        return self._nearest(entries, loose, min(found, key=lambda each: self._distance(loose, each)))

    def _onwards(self, entry: RequirementEntry, direction: Direction) -> SpecifierSet:
        """A line's own version and its neighbours in a direction."""
        wish = self._near.wish(entry) if self._is_free(entry) else None
        if wish is None:
            return SpecifierSet()
        return SpecifierSet(f"{direction.value}={wish}") & self._near.bounds(entry)

    def _beyond(self, entry: RequirementEntry, direction: Direction) -> SpecifierSet:
        """Its neighbours in a direction, post-releases of its own version among them."""
        return self._onwards(entry, direction) & SpecifierSet(f"!={self._near.wish(entry)}")

    def _distance(self, loose: Sequence[RequirementEntry], found: Resolved) -> int:
        """How many releases the loose lines move in all."""
        return sum(
            self._steps(entry, Version(found.packages[entry.name].version))
            for entry in loose
            if entry.name in found.packages
        )

    def _steps(self, entry: RequirementEntry, version: Version) -> int:
        """How many releases lie between a line's own version and another."""
        low, high = sorted((self._near.wish(entry) or version, version))
        return sum(low < release <= high for release in self._index.releases(entry.name))

    def _nearest(
        self, entries: Sequence[RequirementEntry], loose: Sequence[RequirementEntry], found: Resolved
    ) -> Fix:
        """From any solution to the nearest: each changed line goes back towards what the user wrote."""
        changed = [entry for entry in loose if entry.name in found.packages and not _accepts(entry, found)]
        chosen = {id(entry): _rewrite(entry, found.packages[entry.name].version) for entry in changed}
        nearest = dict(chosen)
        # What moved first is looked at once more: it may come nearer now that others have moved.
        for entry in (*changed, *changed[:-1]):
            nearest[id(entry)] = self._approach(entry, entries, nearest) or nearest[id(entry)]
        if nearest != chosen:
            answer = self._resolve(_lines(entries, nearest), Preference.HIGHEST)
            if isinstance(answer, Resolved):
                chosen, found = nearest, answer
        edits = (_edit(entry, chosen[id(entry)]) for entry in entries if id(entry) in chosen)
        return Fix(tuple(edits), found)

    def _approach(
        self, entry: RequirementEntry, entries: Sequence[RequirementEntry], chosen: Mapping[int, str]
    ) -> str | None:
        """The line of `entry` with the version nearest to its own, all other lines as chosen."""
        if not self._is_free(entry):
            return None
        steps: dict[str, int] = {}
        for direction in Direction:
            found = self._first(entry, entries, chosen, self._beyond(entry, direction), direction)
            while found is not None:
                steps[found] = self._steps(entry, Version(found))
                found = self._nearer(entry, entries, chosen, Version(found), direction)
        return _rewrite(entry, min(steps, key=steps.__getitem__)) if steps else None

    def _first(
        self,
        entry: RequirementEntry,
        entries: Sequence[RequirementEntry],
        chosen: Mapping[int, str],
        side: SpecifierSet,
        direction: Direction,
    ) -> str | None:
        """The version of a side that is nearest to the line's own, as far as the resolver knows."""
        if self.is_spent or not self._near.offers(entry, side):
            return None
        attempt = {**chosen, id(entry): _relax(entry, side)}
        answer = self._resolve(_lines(entries, attempt), _PREFERENCES[direction])
        package = answer.packages.get(entry.name) if isinstance(answer, Resolved) else None
        return package.version if package else None

    def _nearer(
        self,
        entry: RequirementEntry,
        entries: Sequence[RequirementEntry],
        chosen: Mapping[int, str],
        found: Version,
        direction: Direction,
    ) -> str | None:
        """A nearer version than `found`, which the resolver passed over: for lack of a wheel, or by its ways.

        It looks into a release just before; with one that resolves the search goes on from there.
        """
        wish = self._near.wish(entry) or found
        releases = self._index.releases(entry.name)
        low, high = sorted((wish, found))
        final = (v for v, r in releases.items() if not (v.is_prerelease or r.yanked))
        between = [version for version in final if low < version < high]
        last = sorted(between, reverse=wish == low)[:_MOST_LOOKS]
        extras = entry.requirement.extras if entry.requirement else set()
        obstacles = self._knowledge.obstacles(entry.name, [releases[v] for v in last], extras)
        fitting = [version for version, found_there in obstacles.items() if not found_there]
        if not fitting or self.is_spent:
            return None
        step = fitting[0]
        attempt = {**chosen, id(entry): _rewrite(entry, str(step))}
        if not isinstance(self._resolve_thoroughly(_lines(entries, attempt)), Resolved):
            return None
        back = Direction.DOWN if direction is Direction.UP else Direction.UP
        side = self._beyond(entry, direction) & SpecifierSet(f"{back.value}{step.public}")
        return self._first(entry, entries, chosen, side, direction) or str(step)


def _lines(entries: Sequence[RequirementEntry], replaced: Mapping[int, str]) -> list[str]:
    return [replaced.get(id(entry), resolver_line(entry)) for entry in entries]


def resolver_line(entry: RequirementEntry) -> str:
    """The entry as one line for the resolver."""
    return str(entry.requirement) if entry.requirement is not None else entry.text


def _relax(entry: RequirementEntry, specifier: SpecifierSet | None = None) -> str:
    """The entry's requirement with another specifier, or none."""
    requirement = entry.requirement
    if requirement is None:
        return entry.text
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{specifier or ''}{marker}"


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
