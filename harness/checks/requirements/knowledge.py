"""What is known of releases: which pip could take, and what they need; learned from the index as asked for.

What is carried or installed is known without asking. Releases without a wheel, which the resolver would have
to build, are described here: their metadata is read and never executed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.checks.requirements.project_page import parse_version
from harness.checks.requirements.release_metadata import parse_requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.requirements import Requirement

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.project_page import Release
    from harness.checks.requirements.release_metadata import KnownRelease, ReleaseMetadata
    from harness.checks.requirements.target import Target

_MOST_SOURCES = 6


class Knowledge:
    """Answers from what is known, and asks the index for the rest; for so many seconds at most.

    Attributes:
        built: releases without a wheel that were read: name to version to metadata.
        read: likewise those with a wheel.
    """

    def __init__(
        self,
        index: Index,
        known: Mapping[str, KnownRelease],
        pins: Mapping[str, SpecifierSet],
        target: Target,
        seconds: float,
    ) -> None:
        """`known`: releases about which the index need not be asked; their packages have no other."""
        self._index = index
        self._known = known
        self._pins = pins
        self._target = target
        self.built: dict[str, dict[str, ReleaseMetadata]] = {}
        self.read: dict[str, dict[str, ReleaseMetadata]] = {}
        self._known_candidates: dict[tuple[str, SpecifierSet], list[Version]] = {}
        self._deadline = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """How long a person still waits for answers."""
        return max(self._deadline - time.monotonic(), 0.0)

    @property
    def is_spent(self) -> bool:
        """Whether the time that a person waits for answers is over."""
        return self.seconds_left == 0.0

    def pinned(self, name: str) -> str | None:
        """The version that the constraints pin."""
        return _exact(self._pins.get(name))

    def is_settled(self, name: str) -> bool:
        """Whether the constraints or the base set decide its version."""
        return name in self._known or self.pinned(name) is not None

    def is_known(self, requirement: Requirement) -> bool:
        """Whether what is known satisfies it."""
        installed = self._known.get(canonicalize_name(requirement.name))
        return installed is not None and requirement.specifier.contains(installed.version, prereleases=True)

    def contradicts_pin(self, requirement: Requirement) -> bool:
        """Whether it excludes the version that the constraints pin."""
        exact = self.pinned(canonicalize_name(requirement.name))
        return exact is not None and not requirement.specifier.contains(exact, prereleases=True)

    def candidates(self, name: str, specifier: SpecifierSet) -> list[Version]:
        """The versions that pip could take, the one that it tries first in front.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        key = name, specifier
        if key not in self._known_candidates:
            self._known_candidates[key] = self._find_candidates(name, specifier)
        return self._known_candidates[key]

    def _find_candidates(self, name: str, specifier: SpecifierSet) -> list[Version]:
        installed = self._known.get(name)
        allowed = specifier & self._pins.get(name, SpecifierSet())
        if installed is not None and allowed.contains(installed.version, prereleases=True):
            return [Version(installed.version)]
        exact = _exact(allowed)
        releases = self._index.releases(name)
        usable = [version for version, release in releases.items() if release.supports(self._target)]
        if exact is not None:
            return [version for version in usable if allowed.contains(version, prereleases=True)]
        final = [v for v in allowed.filter(usable) if releases[v].yanked is None]
        return final or list(allowed.filter(usable, prereleases=True))

    def first_choices(self, wanted: Iterable[tuple[str, SpecifierSet]]) -> Mapping[str, Version]:
        """The version of each that pip would try first.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        asked = dict(wanted)
        self._index.prefetch(asked)
        found = {name: self.candidates(name, specifier) for name, specifier in asked.items()}
        return {name: candidates[0] for name, candidates in found.items() if candidates}

    def release(self, name: str, version: Version) -> Release:
        """A release that the index listed."""
        return self._index.releases(name)[version]

    def extras(self, name: str, version: str) -> tuple[str, ...] | None:
        """The extras that a release offers; None when they cannot be known.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        known = self._known.get(name)
        if known is not None and known.version == version:
            return known.extras
        release = self._index.release(name, version)
        found = self._index.metadata(name, release, self._target) if release else None
        return None if found is None else found.extras

    def needs(self, name: str, version: Version, extras: set[str]) -> list[Requirement]:
        """What a release, with extras, needs on the target.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        return self._applying(self._describe(name, version), extras)

    def needs_of(self, releases: Iterable[tuple[str, Release, set[str]]]) -> list[Requirement]:
        """What releases of packages, with extras, need on the target.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        asked = list(releases)
        self._index.prefetch_metadata(((name, release) for name, release, _ in asked), self._target)
        return [need for each in asked for need in self._needs_of_release(*each)]

    def _needs_of_release(self, name: str, release: Release, extras: set[str]) -> list[Requirement]:
        return self._applying(self._describe_release(name, release), extras)

    def obstacles(
        self, name: str, releases: Sequence[Release], extras: set[str]
    ) -> Mapping[Version, tuple[str, ...]]:
        """What rules each of a package's releases out at once: pins that it contradicts, or the Python.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        usable = [release for release in releases if release.supports(self._target)]
        self._index.prefetch_metadata(((name, release) for release in usable), self._target)
        return {release.version: self._obstacles(name, release, extras) for release in releases}

    def _obstacles(self, name: str, release: Release, extras: set[str]) -> tuple[str, ...]:
        if not release.supports(self._target):
            return (f"Python {self._target.python_series}",)
        needs = self._needs_of_release(name, release, extras)
        pinned = (canonicalize_name(need.name) for need in needs if self.contradicts_pin(need))
        return tuple(dict.fromkeys(f"{each}=={self.pinned(each)}" for each in pinned))

    def prefetch(self, requirements: Iterable[Requirement]) -> None:
        """Ask for what pip would try first for each of several requirements, at once.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        found = self._first_releases(requirements)
        self._index.prefetch_metadata(((name, release) for name, release, _ in found), self._target)

    def _first_releases(self, requirements: Iterable[Requirement]) -> list[tuple[str, Release, set[str]]]:
        """The releases that pip would try first, with the extras asked for, of what is not known."""
        fresh = [(canonicalize_name(each.name), each) for each in requirements if not self.is_known(each)]
        self._index.prefetch(name for name, _ in fresh)
        found: list[tuple[str, Release, set[str]]] = []
        for name, each in fresh:
            release = self._first_release(name, each.specifier)
            if release is not None:
                found.append((name, release, each.extras))
        return found

    def _first_release(self, name: str, specifier: SpecifierSet) -> Release | None:
        candidates = self.candidates(name, specifier)
        return self._index.releases(name).get(candidates[0]) if candidates else None

    def learn_sources(self, entries: Iterable[RequirementEntry]) -> None:
        """Read the metadata of the user's packages whose first choice has no wheel: pip would build it.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        for entry in entries:
            if entry.requirement is None or entry.requirement.url or not self._index.knows(entry.name):
                continue
            candidates = self.candidates(entry.name, entry.requirement.specifier)
            if candidates and entry.name not in self._known:
                self._describe(entry.name, candidates[0])

    def learn_releases(self, names: Iterable[str]) -> None:
        """Read the metadata of releases without a wheel of packages that mostly come without one.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        wanted = [name for name in names if name not in self._known]
        self._index.prefetch(wanted)
        chosen = [(name, release) for name in wanted for release in self._sources(name)]
        self._index.prefetch_metadata(chosen, self._target)
        for name, release in chosen:
            if self.is_spent:
                return
            self._describe(name, release.version)

    def learn_below(self, entries: Iterable[RequirementEntry]) -> None:
        """Read the metadata of what pip would have to build right below these lines.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        lines = (entry.requirement for entry in entries if entry.requirement and not entry.requirement.url)
        self.learn_needed(self.needs_of(self._first_releases(lines)))

    def learn_needed(self, needs: Iterable[Requirement]) -> None:
        """Read the metadata of what pip would have to build for these needs, and of what that needs in turn.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        seen: set[str] = set()
        while not self.is_spent:
            fresh = [need for need in needs if str(need) not in seen]
            if not fresh:
                break
            seen |= {str(need) for need in fresh}
            found = self._first_releases(fresh)
            needs = self.needs_of(each for each in found if each[1].wheel_for(self._target) is None)

    def _sources(self, name: str) -> list[Release]:
        """Its releases worth reading: the constrained one, or the newest when most have no wheel."""
        exact = self.pinned(name)
        release = self._index.release(name, exact) if exact is not None else None
        if release is not None:
            return [release] if release.wheel_for(self._target) is None else []
        releases = [r for v, r in self._index.releases(name).items() if not v.is_prerelease]
        sources = [r for r in releases if r.sdist is not None and r.wheel_for(self._target) is None]
        if 2 * len(sources) < len(releases):
            return []
        return [release for release in sources if release.supports(self._target)][:_MOST_SOURCES]

    def _describe(self, name: str, version: Version) -> tuple[str, ...]:
        installed = self._known.get(name)
        if installed is not None and parse_version(installed.version) == version:
            return (*installed.requires, *installed.optional)
        return self._describe_release(name, self._index.releases(name)[version])

    def _describe_release(self, name: str, release: Release) -> tuple[str, ...]:
        found = self._index.metadata(name, release, self._target)
        if found is None:
            return ()
        learned = self.read if release.wheel_for(self._target) else self.built
        learned.setdefault(name, {})[str(release.version)] = found
        return found.requires

    def _applying(self, described: Iterable[str], extras: set[str]) -> list[Requirement]:
        return [need for need in parse_requirements(described) if self._applies(need, extras)]

    def _applies(self, needed: Requirement, extras: set[str]) -> bool:
        if needed.marker is None:
            return True
        environment = self._target.marker_environment
        return any(needed.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def _exact(specifier: SpecifierSet | None) -> str | None:
    for part in specifier or ():
        if part.operator in ("==", "===") and not part.version.endswith("*"):
            return part.version
    return None


def find_settled(
    pins: Mapping[str, SpecifierSet], releases: Mapping[str, KnownRelease], base: Mapping[str, KnownRelease]
) -> Mapping[str, KnownRelease]:
    """The base set and those of `releases` that are pinned: about these the index need not be asked."""
    pinned = {name: each for name, each in releases.items() if _exact(pins.get(name)) == each.version}
    return {**pinned, **base}


def merge_pins(constraints: Iterable[RequirementEntry]) -> Mapping[str, SpecifierSet]:
    """Constraint lines by name; several for one name are combined."""
    pins: dict[str, SpecifierSet] = {}
    for entry in constraints:
        if entry.requirement is not None:
            pins[entry.name] = pins.get(entry.name, SpecifierSet()) & entry.requirement.specifier
    return pins
