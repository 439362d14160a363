"""Which releases near the user's own can take its place: known before the resolver is asked.

The resolver reads one release after the other, and all there are before it gives up. What the nearest
releases need is read here at once, and those that contradict a pin are ruled out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.checks.requirements.line_rules import pinned_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.explanation import Explainer
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.project_page import Release

_MOST_EACH_WAY = 16


class Neighbourhood:
    """The releases around those that lines of the user ask for."""

    def __init__(self, index: Index, explainer: Explainer) -> None:
        self._index = index
        self._explainer = explainer
        self._bounds: dict[str, SpecifierSet] = {}
        self._fitting: dict[str, Sequence[Release]] = {}

    def explore(self, entries: Iterable[RequirementEntry]) -> None:
        """Read what the releases around each line's own need, and what of that has no wheel.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        asked: list[tuple[str, Release, set[str]]] = []
        for entry in entries:
            wish = self.wish(entry)
            if wish is None or entry.requirement is None or entry.name in self._bounds:
                continue
            extras = entry.requirement.extras
            around = self._around(entry.name, wish)
            fitting = self._explainer.without_clash(entry.name, around, extras)
            self._bounds[entry.name], self._fitting[entry.name] = _bounds(around, fitting), fitting
            asked += [(entry.name, release, extras) for release in fitting]
        self._explainer.learn_needed(self._explainer.needs_of(asked))

    def wish(self, entry: RequirementEntry) -> Version | None:
        """The version to stay near: the pinned one, or what pip would try first; None when any will do.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        pinned = pinned_version(entry)
        if pinned is not None:
            return _version(pinned)
        specifier = entry.requirement.specifier if entry.requirement else None
        releases = self._index.releases(entry.name) if specifier else {}
        final = [version for version, release in releases.items() if release.yanked is None]
        return next(iter(specifier.filter(final)), None) if specifier else None

    def bounds(self, entry: RequirementEntry) -> SpecifierSet:
        """Where to search a version for the line; everything, when nothing is known of its neighbours."""
        return self._bounds.get(entry.name, SpecifierSet())

    def offers(self, entry: RequirementEntry, side: SpecifierSet) -> bool:
        """Whether a release on this side may fit; False when all neighbours there are known not to."""
        fitting = self._fitting.get(entry.name)
        return not fitting or any(side.contains(each.version, prereleases=True) for each in fitting)

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


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _bounds(around: Sequence[Release], fitting: Sequence[Release]) -> SpecifierSet:
    """Allows those that fit, and nothing beyond; everything when none fits."""
    if not fitting:
        return SpecifierSet()
    first, last = fitting[-1].version, fitting[0].version
    between = (release.version for release in around if first < release.version < last)
    fits = {release.version for release in fitting}
    clashing = (f"!={version}" for version in between if version not in fits)
    return SpecifierSet(",".join((f">={first}", f"<={last}", *clashing)))
