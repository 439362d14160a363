"""Why lines cannot be resolved: the shortest chain from a user's line to what contradicts it.

Walks from the user's lines over what the releases say they need, breadth first, each package in the
version that pip would try first, until a requirement excludes a constraint, another requirement, or
everything there is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.checks.requirements.entries import RequirementEntry
from harness.checks.requirements.findings import at, finding
from harness.checks.requirements.release_metadata import parse_requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.checks.requirements.index import Index
    from harness.checks.requirements.project_page import Release
    from harness.checks.requirements.release_metadata import KnownRelease, ReleaseMetadata
    from harness.checks.requirements.resolution import Resolved
    from harness.checks.requirements.target import Target
    from harness.results import Finding

_MOST_PACKAGES = 120
_MOST_SOURCES = 6


class Reach(Enum):
    """How far a walk goes: until each line has its conflict, or over all there is, to learn of it."""

    NEAREST = "nearest"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Need:
    """One requirement on the way: who needs what."""

    by: str
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.by} needs {self.requirement.name}{self.requirement.specifier or ''}".rstrip()


@dataclass(frozen=True)
class Conflict:
    """A contradiction: the user's line it starts at, the chain, and what the chain runs into."""

    entry: RequirementEntry
    chain: tuple[Need, ...]
    against: str
    other: RequirementEntry | None = None
    rule: str = "unresolvable"

    def sentences(self) -> tuple[str, ...]:
        """The chain in plain words, one step each."""
        return (*(f"{need}" for need in self.chain), self.against)


@dataclass(frozen=True)
class Visit:
    """A package still to be looked at."""

    entry: RequirementEntry
    requirement: Requirement
    chain: tuple[Need, ...]


class Explainer:
    """Finds conflicts; what it learns about releases is in `read`, or in `built` when they have no wheel."""

    def __init__(
        self,
        index: Index,
        known: Mapping[str, KnownRelease],
        pins: Mapping[str, SpecifierSet],
        target: Target,
        seconds: float,
    ) -> None:
        self._index = index
        self._known = known
        self._pins = pins
        self._target = target
        self.built: dict[str, dict[str, ReleaseMetadata]] = {}
        self.read: dict[str, dict[str, ReleaseMetadata]] = {}
        self._known_candidates: dict[tuple[str, SpecifierSet], list[Version]] = {}
        self._deadline = time.monotonic() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether the time that a person waits for an explanation is over."""
        return time.monotonic() > self._deadline

    def find_conflicts(
        self, entries: Iterable[RequirementEntry], reach: Reach = Reach.NEAREST
    ) -> tuple[Conflict, ...]:
        """The conflicts nearest to the user's lines, at most one per line.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        conflicts: dict[str, Conflict] = {}
        wanted: dict[str, list[Visit]] = {}
        seen: set[str] = set()
        level = [Visit(entry, entry.requirement, ()) for entry in entries if entry.requirement is not None]
        while level and len(seen) < _MOST_PACKAGES and not self.is_spent:
            if reach is Reach.NEAREST:
                # What contradicts a pin is seen without asking the index anything.
                for visit in level:
                    if (clash := self._clash_with_pin(visit)) is not None:
                        conflicts.setdefault(visit.entry.line.text, clash)
                level = [visit for visit in level if visit.entry.line.text not in conflicts]
            self._prefetch(level)
            following: list[Visit] = []
            for visit in level:
                name = canonicalize_name(visit.requirement.name)
                others = wanted.setdefault(name, [])
                conflict = self._clash(visit, name, others)
                others.append(visit)
                key = f"{name}[{','.join(sorted(visit.requirement.extras))}]"
                if conflict is not None:
                    conflicts.setdefault(visit.entry.line.text, conflict)
                elif key not in seen:
                    seen.add(key)
                    following.extend(self._needs(visit, name))
            if reach is Reach.NEAREST:
                following = [visit for visit in following if visit.entry.line.text not in conflicts]
            level = following
        return tuple(conflicts.values())

    def _prefetch(self, level: Sequence[Visit]) -> None:
        """Ask for everything that one step of the walk looks at, at once."""
        fresh = [visit.requirement for visit in level if not self._is_installed(visit.requirement)]
        self._index.prefetch(canonicalize_name(requirement.name) for requirement in fresh)
        chosen = [(requirement, self._first_release(requirement)) for requirement in fresh]
        wanted = [(canonicalize_name(need.name), release) for need, release in chosen if release is not None]
        self._index.prefetch_metadata(wanted, self._target)

    def _is_installed(self, requirement: Requirement) -> bool:
        installed = self._known.get(canonicalize_name(requirement.name))
        return installed is not None and requirement.specifier.contains(installed.version, prereleases=True)

    def _clash(self, visit: Visit, name: str, others: list[Visit]) -> Conflict | None:
        if _exact(self._pins.get(name)) is not None:
            return self._clash_with_pin(visit)
        specifier = visit.requirement.specifier
        if not self._candidates(name, specifier):
            return self._nothing_left(visit, name)
        for other in others:
            if not self._candidates(name, specifier & other.requirement.specifier):
                last = other.chain[-1] if other.chain else Need("another of your lines", other.requirement)
                return Conflict(visit.entry, _chain(visit), f"{last}, and no release is both", other.entry)
        return None

    def _clash_with_pin(self, visit: Visit) -> Conflict | None:
        if not self._contradicts_pin(visit.requirement):
            return None
        name = canonicalize_name(visit.requirement.name)
        against = f"the constraints pin {name}=={_exact(self._pins[name])}"
        rule = "unresolvable" if visit.chain else "pin-conflicts-with-constraint"
        return Conflict(visit.entry, _chain(visit), against, rule=rule)

    def _contradicts_pin(self, requirement: Requirement) -> bool:
        exact = _exact(self._pins.get(canonicalize_name(requirement.name)))
        return exact is not None and not requirement.specifier.contains(exact, prereleases=True)

    def _nothing_left(self, visit: Visit, name: str) -> Conflict:
        specifier = visit.requirement.specifier
        releases = self._index.releases(name)
        matching = [r for v, r in releases.items() if specifier.contains(v, prereleases=True)]
        if not releases:
            against, rule = f"the index has no package {name}", "not-on-index"
        elif matching:
            wanted = ", ".join(sorted({release.requires_python for release in matching}))
            against = f"{name}{specifier} supports Python {wanted}, not {self._target.python_series}"
            rule = "requires-python-excludes"
        else:
            against = f"the index has no release {name}{specifier}; the newest is {next(iter(releases))}"
            rule = "not-on-index"
        return Conflict(visit.entry, visit.chain, against, rule=rule)

    def _candidates(self, name: str, specifier: SpecifierSet) -> list[Version]:
        """The versions that pip could take, the one that it tries first in front."""
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

    def _needs(self, visit: Visit, name: str) -> Iterable[Visit]:
        candidates = self._candidates(name, visit.requirement.specifier)
        if not candidates:
            return
        version = candidates[0]
        by = f"{name}=={version}"
        for needed in parse_requirements(self._describe(name, version)):
            if self._applies(needed, visit.requirement.extras):
                yield Visit(visit.entry, needed, (*visit.chain, Need(by, needed)))

    def _describe(self, name: str, version: Version) -> tuple[str, ...]:
        installed = self._known.get(name)
        if installed is not None and _equal(installed.version, version):
            return (*installed.requires, *installed.optional)
        return self._describe_release(name, self._index.releases(name)[version])

    def _describe_release(self, name: str, release: Release) -> tuple[str, ...]:
        found = self._index.metadata(name, release, self._target)
        if found is None:
            return ()
        learned = self.read if release.wheel_for(self._target) else self.built
        learned.setdefault(name, {})[str(release.version)] = found
        return found.requires

    def _applies(self, needed: Requirement, extras: set[str]) -> bool:
        if needed.marker is None:
            return True
        environment = self._target.marker_environment
        return any(needed.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))

    def learn_sources(self, entries: Iterable[RequirementEntry]) -> None:
        """Read the metadata of the user's packages whose first choice has no wheel: pip would build it.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        for entry in entries:
            if entry.requirement is None or entry.requirement.url or not self._index.knows(entry.name):
                continue
            candidates = self._candidates(entry.name, entry.requirement.specifier)
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
        wanted = [entry.requirement for entry in entries if entry.requirement and not entry.requirement.url]
        self._index.prefetch(canonicalize_name(each.name) for each in wanted if not self._is_installed(each))
        chosen = [(each, self._first_release(each)) for each in wanted if not self._is_installed(each)]
        self.learn_needed(
            self.needs_of(
                (canonicalize_name(each.name), release, each.extras) for each, release in chosen if release
            )
        )

    def learn_needed(self, needs: Iterable[Requirement]) -> None:
        """Read the metadata of what pip would have to build for these needs, and of what that needs in turn.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        seen: set[str] = set()
        while fresh := [need for need in needs if str(need) not in seen and not self._is_installed(need)]:
            seen |= {str(need) for need in fresh}
            self._index.prefetch(canonicalize_name(need.name) for need in fresh)
            chosen = [(need, self._first_release(need)) for need in fresh]
            needs = self.needs_of(
                (canonicalize_name(need.name), release, need.extras)
                for need, release in chosen
                if release is not None and release.wheel_for(self._target) is None
            )

    def _first_release(self, need: Requirement) -> Release | None:
        """The release that pip would try first."""
        name = canonicalize_name(need.name)
        candidates = self._candidates(name, need.specifier)
        return self._index.releases(name).get(candidates[0]) if candidates else None

    def _sources(self, name: str) -> list[Release]:
        """Its releases worth reading: the constrained one, or the newest when most have no wheel."""
        exact = _exact(self._pins.get(name))
        release = self._index.release(name, exact) if exact is not None else None
        if release is not None:
            return [release] if release.wheel_for(self._target) is None else []
        releases = [r for v, r in self._index.releases(name).items() if not v.is_prerelease]
        sources = [r for r in releases if r.sdist is not None and r.wheel_for(self._target) is None]
        if 2 * len(sources) < len(releases):
            return []
        return [release for release in sources if release.supports(self._target)][:_MOST_SOURCES]

    def is_settled(self, name: str) -> bool:
        """Whether the constraints or the base set decide its version."""
        return name in self._known or _exact(self._pins.get(name)) is not None

    def first_choices(self, wanted: Iterable[tuple[str, SpecifierSet]]) -> Mapping[str, Version]:
        """The version of each that pip would try first.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        asked = dict(wanted)
        self._index.prefetch(asked)
        found = {name: self._candidates(name, specifier) for name, specifier in asked.items()}
        return {name: candidates[0] for name, candidates in found.items() if candidates}

    def release(self, name: str, version: Version) -> Release:
        """A release that the index listed."""
        return self._index.releases(name)[version]

    def needs_of(self, releases: Iterable[tuple[str, Release, set[str]]]) -> list[Requirement]:
        """What releases of packages, with extras, need on the target.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        asked = list(releases)
        self._index.prefetch_metadata(((name, release) for name, release, _ in asked), self._target)
        needs = []
        for name, release, extras in asked:
            described = self._describe_release(name, release)
            needs += [need for need in parse_requirements(described) if self._applies(need, extras)]
        return needs

    def obstacles(
        self, name: str, releases: Sequence[Release], extras: set[str]
    ) -> Mapping[Version, tuple[str, ...]]:
        """What rules each of a package's releases out at once: pins that it contradicts, or the Python.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        self._index.prefetch_metadata(((name, release) for release in releases), self._target)
        return {release.version: self._obstacles(name, release, extras) for release in releases}

    def _obstacles(self, name: str, release: Release, extras: set[str]) -> tuple[str, ...]:
        if not release.supports(self._target):
            return (f"Python {self._target.python_series}",)
        against = (need for need in self.needs_of([(name, release, extras)]) if self._contradicts_pin(need))
        pinned = (canonicalize_name(need.name) for need in against)
        return tuple(dict.fromkeys(f"{each}=={_exact(self._pins[each])}" for each in pinned))

    def find_unknown_extras(
        self, entries: Iterable[RequirementEntry], resolved: Resolved | None
    ) -> Iterable[Finding]:
        """Extras of the user's lines that the release does not have.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        for entry in entries:
            requirement = entry.requirement
            package = resolved.packages.get(entry.name) if resolved else None
            if requirement is None or not requirement.extras or package is None:
                continue
            known = self._extras(entry.name, package.version)
            for extra in sorted(requirement.extras) if known is not None else ():
                if canonicalize_name(extra) not in {canonicalize_name(name) for name in known or ()}:
                    offset = max(entry.line.text.find(extra), 0)
                    message = f"{requirement.name} {package.version} has no extra {extra}"
                    yield finding("unknown-extra", message, at(entry.line, offset, len(extra)))

    def _extras(self, name: str, version: str) -> tuple[str, ...] | None:
        installed = self._known.get(name)
        if installed is not None and installed.version == version:
            return installed.extras
        release = self._index.release(name, version)
        found = self._index.metadata(name, release, self._target) if release else None
        return None if found is None else found.extras


def _chain(visit: Visit) -> tuple[Need, ...]:
    return visit.chain or (Need("your line", visit.requirement),)


def _exact(specifier: SpecifierSet | None) -> str | None:
    for part in specifier or ():
        if part.operator in ("==", "===") and not part.version.endswith("*"):
            return part.version
    return None


def _equal(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


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
