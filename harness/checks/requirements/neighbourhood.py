"""Which releases near the user's own can take its place: known before the resolver is asked.

The resolver reads one release after the other, and all there are before it gives up. What the nearest
releases need is read here at once, and those that contradict a pin are ruled out.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from harness.checks.requirements.line_rules import pinned_version
from harness.checks.requirements.project_page import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.knowledge import Knowledge
    from harness.checks.requirements.project_page import Release

_MOST_EACH_WAY = 16


class Neighbourhood:
    """The releases around those that lines of the user ask for."""

    def __init__(self, index: Index, knowledge: Knowledge) -> None:
        self._index = index
        self._knowledge = knowledge
        self._obstacles: dict[str, Mapping[Version, tuple[str, ...]]] = {}

    def explore(self, entries: Iterable[RequirementEntry]) -> None:
        """Read what the releases around each line's own need, and what of that has no wheel.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        asked: list[tuple[str, Release, set[str]]] = []
        for entry in entries:
            if self._knowledge.is_spent:
                break
            wish = self.wish(entry)
            if wish is None or entry.requirement is None or entry.name in self._obstacles:
                continue
            extras = entry.requirement.extras
            around = self._around(entry.name, wish)
            found = self._knowledge.obstacles(entry.name, around, extras)
            self._obstacles[entry.name] = found
            asked += [(entry.name, release, extras) for release in around if not found[release.version]]
        self._knowledge.learn_needed(self._knowledge.needs_of(asked))

    def wish(self, entry: RequirementEntry) -> Version | None:
        """The version to stay near: the pinned one, or what pip would try first; None when any will do.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        pinned = pinned_version(entry)
        found = parse_version(pinned) if pinned is not None else self._newest(entry)
        return Version(found.public) if found else None

    def _newest(self, entry: RequirementEntry) -> Version | None:
        """The newest release in a range."""
        specifier = entry.requirement.specifier if entry.requirement else None
        if not specifier:
            return None
        releases = self._index.releases(entry.name)
        final = [version for version, release in releases.items() if release.yanked is None]
        return next(iter(specifier.filter(final)), None)

    def bounds(self, entry: RequirementEntry) -> SpecifierSet:
        """Allows the neighbours that may fit, and nothing beyond; everything, when none is known to."""
        # Nothing can be compared with a local version; without its local part it stands for all (PEP 440).
        fitting = [version.public for version in self._fitting(entry)]
        if not fitting:
            return SpecifierSet()
        around = SpecifierSet(f">={fitting[-1]},<={fitting[0]}")
        known = dict.fromkeys(version.public for version in self._obstacles[entry.name])
        clashing = (
            f"!={version}" for version in around.filter(known, prereleases=True) if version not in fitting
        )
        return around & SpecifierSet(",".join(clashing))

    def offers(self, entry: RequirementEntry, side: SpecifierSet) -> bool:
        """Whether a release on this side may fit; False when all neighbours there are known not to."""
        fitting = self._fitting(entry)
        return not fitting or any(side.contains(version, prereleases=True) for version in fitting)

    def why_none(self, entry: RequirementEntry) -> str:
        """What rules out the releases around a line's own; empty when nothing does so at once."""
        found = self._obstacles.get(entry.name, {})
        counted = Counter(obstacle for obstacles in found.values() for obstacle in obstacles)
        if not counted:
            return ""
        versions = list(found)
        rulers = ", ".join(f"{obstacle} rules out {count}" for obstacle, count in counted.most_common(3))
        rest = len(self._fitting(entry))
        further = f"; what {rest} of them need does not resolve" if rest else ""
        return (
            f"none of the {len(versions)} releases from {versions[-1]} to {versions[0]} fits:"
            f" {rulers}{further}"
        )

    def _fitting(self, entry: RequirementEntry) -> list[Version]:
        """The neighbours that nothing rules out at once, newest first."""
        return [v for v, obstacles in self._obstacles.get(entry.name, {}).items() if not obstacles]

    def _around(self, name: str, wish: Version) -> Sequence[Release]:
        """The release of this version and the nearest on both sides, newest first."""
        usable = [
            release
            for version, release in self._index.releases(name).items()
            if release.yanked is None and (wish.is_prerelease or not version.is_prerelease)
        ]
        above = [release for release in usable if release.version > wish]
        others = [release for release in usable if release.version <= wish]
        return (*above[-_MOST_EACH_WAY:], *others[: _MOST_EACH_WAY + 1])
