"""Why lines cannot be resolved: the shortest chain from a user's line to what contradicts it.

Walks from the user's lines over what the releases say they need, breadth first, each package in the
version that pip would try first, until a requirement excludes a constraint, another requirement, or
everything there is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
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

    from harness.checks.requirements.base_set import InstalledPackage
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.release_metadata import ReleaseMetadata
    from harness.checks.requirements.resolution import Resolved
    from harness.checks.requirements.target import Target
    from harness.results import Finding

_MOST_PACKAGES = 120
_MOST_SOURCES = 12
_SECONDS = 60.0


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
    """Finds conflicts; what it learns about releases that have no wheel is in `built`."""

    def __init__(
        self,
        index: Index,
        base: Mapping[str, InstalledPackage],
        pins: Mapping[str, SpecifierSet],
        target: Target,
    ) -> None:
        self._index = index
        self._base = base
        self._pins = pins
        self._target = target
        self.built: dict[str, dict[str, ReleaseMetadata]] = {}
        self._deadline = time.monotonic() + _SECONDS

    @property
    def is_spent(self) -> bool:
        """Whether the time that a person waits for an explanation is over."""
        return time.monotonic() > self._deadline

    def find_conflicts(self, entries: Iterable[RequirementEntry]) -> tuple[Conflict, ...]:
        """The conflicts nearest to the user's lines, at most one per line.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        conflicts: dict[str, Conflict] = {}
        wanted: dict[str, list[Visit]] = {}
        seen: set[str] = set()
        level = [Visit(entry, entry.requirement, ()) for entry in entries if entry.requirement is not None]
        while level and len(seen) < _MOST_PACKAGES and not self.is_spent:
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
            level = following
        return tuple(conflicts.values())

    def _prefetch(self, level: Sequence[Visit]) -> None:
        """Ask for everything that one step of the walk looks at, at once."""
        fresh = [visit.requirement for visit in level if not self._is_installed(visit.requirement)]
        self._index.prefetch(canonicalize_name(requirement.name) for requirement in fresh)
        wanted = []
        for requirement in fresh:
            name = canonicalize_name(requirement.name)
            candidates = self._candidates(name, requirement.specifier)
            if candidates and candidates[0] in self._index.releases(name):
                wanted.append((name, self._index.releases(name)[candidates[0]]))
        self._index.prefetch_metadata(wanted, self._target)

    def _is_installed(self, requirement: Requirement) -> bool:
        installed = self._base.get(canonicalize_name(requirement.name))
        return installed is not None and requirement.specifier.contains(installed.version, prereleases=True)

    def _clash(self, visit: Visit, name: str, others: list[Visit]) -> Conflict | None:
        specifier = visit.requirement.specifier
        chain = (*visit.chain,)
        pin = self._pins.get(name)
        exact = _exact(pin)
        if exact is not None and not specifier.contains(exact, prereleases=True):
            against = f"the constraints pin {name}=={exact}"
            chain = chain or (Need("your line", visit.requirement),)
            return Conflict(visit.entry, chain, against)
        if exact is None and not self._candidates(name, specifier):
            return self._nothing_left(visit, name)
        if exact is None:
            for other in others:
                if not self._candidates(name, specifier & other.requirement.specifier):
                    last = (
                        other.chain[-1] if other.chain else Need("another of your lines", other.requirement)
                    )
                    chain = chain or (Need("your line", visit.requirement),)
                    return Conflict(visit.entry, chain, f"{last}, and no release is both", other.entry)
        return None

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
        installed = self._base.get(name)
        allowed = specifier & self._pins.get(name, SpecifierSet())
        first = []
        if installed is not None and allowed.contains(installed.version, prereleases=True):
            first = [Version(installed.version)]
            if not installed.is_built:
                return first
        exact = _exact(allowed)
        if first:
            return first
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
        installed = self._base.get(name)
        if installed is not None and _equal(installed.version, version):
            return installed.requires
        release = self._index.releases(name)[version]
        found = self._index.metadata(name, release, self._target)
        if found is None:
            return ()
        if release.wheel_for(self._target) is None:
            self.built.setdefault(name, {})[str(version)] = found
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
            if candidates and entry.name not in self._base:
                self._describe(entry.name, candidates[0])

    def learn_releases(self, names: Iterable[str]) -> None:
        """Read the metadata of releases without a wheel of packages that mostly come without one.

        Raises:
            IndexUnreachableError: the index did not answer.
        """
        wanted = list(names)
        self._index.prefetch(wanted)
        for name in wanted:
            if self.is_spent:
                return
            releases = [r for v, r in self._index.releases(name).items() if not v.is_prerelease]
            sources = [r for r in releases if r.sdist is not None and r.wheel_for(self._target) is None]
            if name in self._base or 2 * len(sources) < len(releases):
                continue
            chosen = [release for release in sources if release.supports(self._target)][:_MOST_SOURCES]
            self._index.prefetch_metadata(((name, release) for release in chosen), self._target)
            for release in chosen:
                self._describe(name, release.version)

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
        installed = self._base.get(name)
        if installed is not None and installed.version == version:
            return installed.extras
        release = self._index.release(name, version)
        found = self._index.metadata(name, release, self._target) if release else None
        return None if found is None else found.extras


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


def merge_pins(constraints: Iterable[RequirementEntry]) -> Mapping[str, SpecifierSet]:
    """Constraint lines by name; several for one name are combined."""
    pins: dict[str, SpecifierSet] = {}
    for entry in constraints:
        if entry.requirement is not None:
            pins[entry.name] = pins.get(entry.name, SpecifierSet()) & entry.requirement.specifier
    return pins
