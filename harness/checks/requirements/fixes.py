"""The smallest change of the user's own lines with which everything resolves, and applying it to the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from harness.checks.requirements.entries import Origin
from harness.checks.requirements.line_rules import pinned_version
from harness.checks.requirements.resolution import Resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.explanation import Explainer
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.resolution import Answer
    from harness.checks.requirements.target import Target

_MOST_TRIES = 8
_MOST_LOOKS = 24


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


class FixSearch:
    """Searches versions near the user's. `resolve_lines` resolves a whole list of requirement lines."""

    def __init__(
        self,
        index: Index,
        explainer: Explainer,
        target: Target,
        resolve_lines: Callable[[Sequence[str]], Answer],
    ) -> None:
        self._index = index
        self._explainer = explainer
        self._target = target
        self._resolve = resolve_lines

    def search(self, entries: Sequence[RequirementEntry], blamed: Sequence[RequirementEntry]) -> Fix | None:
        """Change the blamed lines only, or else any line; None when no versions exist at all.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        everything = [entry for entry in entries if entry.origin is Origin.INDEX]
        for loose in (list(blamed), everything):
            if self._explainer.is_spent:
                return None
            wanted = {id(entry): _relax(entry) for entry in loose if entry.origin is Origin.INDEX}
            answer = self._resolve(_lines(entries, wanted)) if wanted else None
            if isinstance(answer, Resolved):
                return self._nearest(entries, wanted, answer)
        return None

    def _nearest(
        self, entries: Sequence[RequirementEntry], wanted: Mapping[int, str], found: Resolved
    ) -> Fix:
        """From any solution to the nearest: each changed line goes back towards what the user wrote."""
        chosen = {
            id(entry): _rewrite(entry, found.packages[entry.name].version)
            for entry in entries
            if id(entry) in wanted and entry.name in found.packages and not _accepts(entry, found)
        }
        best = found
        tries = _MOST_TRIES
        for entry in entries:
            if id(entry) not in chosen:
                continue
            limit = found.packages[entry.name].version
            for version in self._between(entry, limit):
                if tries <= 0 or self._explainer.is_spent:
                    break
                tries -= 1
                attempt = {**chosen, id(entry): _rewrite(entry, version)}
                answer = self._resolve(_lines(entries, attempt))
                if isinstance(answer, Resolved):
                    chosen, best = attempt, answer
                    break
        edits = (_edit(entry, chosen[id(entry)]) for entry in entries if id(entry) in chosen)
        return Fix(tuple(edits), best)

    def _between(self, entry: RequirementEntry, limit: str) -> Iterator[str]:
        """Versions from the pinned one towards `limit`, nearest first, in which no chain conflicts."""
        pinned = pinned_version(entry)
        try:
            wish = Version(pinned or "")
        except InvalidVersion:
            return
        releases = self._index.releases(entry.name)
        usable = [
            version
            for version, release in releases.items()
            if release.supports(self._target) and release.yanked is None and not version.is_prerelease
        ]
        low, high = sorted((wish, Version(limit)))
        near = sorted((v for v in usable if low < v < high), reverse=wish == high)[:_MOST_LOOKS]
        self._index.prefetch_metadata(((entry.name, releases[version]) for version in near), self._target)
        for version in near:
            if self._explainer.is_spent:
                return
            pinned_there = replace(entry, requirement=Requirement(_rewrite(entry, str(version))))
            if not self._explainer.find_conflicts([pinned_there]):
                yield str(version)


def _lines(entries: Sequence[RequirementEntry], replaced: Mapping[int, str]) -> list[str]:
    return [replaced.get(id(entry), resolver_line(entry)) for entry in entries]


def resolver_line(entry: RequirementEntry) -> str:
    """The entry as one line for the resolver."""
    return str(entry.requirement) if entry.requirement is not None else entry.text


def _relax(entry: RequirementEntry) -> str:
    requirement = entry.requirement
    if requirement is None:
        return entry.text
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{marker}"


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
