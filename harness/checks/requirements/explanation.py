"""Why lines cannot be resolved: the shortest chain from a user's line to what contradicts it.

Walks from the user's lines over what the releases say they need, breadth first, each package in the
version that pip would try first, until a requirement excludes a constraint, another requirement, or
everything there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.checks.requirements.entries import RequirementEntry
from harness.checks.requirements.findings import at, finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.checks.requirements.index import Index
    from harness.checks.requirements.knowledge import Knowledge
    from harness.checks.requirements.resolution import Resolved
    from harness.checks.requirements.target import Target
    from harness.results import Finding

_MOST_PACKAGES = 120


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
    """Finds conflicts by walking over what releases need."""

    def __init__(self, knowledge: Knowledge, index: Index, target: Target) -> None:
        self._knowledge = knowledge
        self._index = index
        self._target = target

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
        while level and len(seen) < _MOST_PACKAGES and not self._knowledge.is_spent:
            if reach is Reach.NEAREST:
                # What contradicts a pin is seen without asking the index anything.
                for visit in level:
                    if (clash := self._clash_with_pin(visit)) is not None:
                        conflicts.setdefault(visit.entry.line.text, clash)
                level = [visit for visit in level if visit.entry.line.text not in conflicts]
            self._knowledge.prefetch(visit.requirement for visit in level)
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

    def _clash(self, visit: Visit, name: str, others: list[Visit]) -> Conflict | None:
        if self._knowledge.pinned(name) is not None:
            return self._clash_with_pin(visit)
        specifier = visit.requirement.specifier
        if not self._knowledge.candidates(name, specifier):
            return self._nothing_left(visit, name)
        for other in others:
            if not self._knowledge.candidates(name, specifier & other.requirement.specifier):
                last = other.chain[-1] if other.chain else Need("another of your lines", other.requirement)
                return Conflict(visit.entry, _chain(visit), f"{last}, and no release is both", other.entry)
        return None

    def _clash_with_pin(self, visit: Visit) -> Conflict | None:
        if not self._knowledge.contradicts_pin(visit.requirement):
            return None
        name = canonicalize_name(visit.requirement.name)
        against = f"the constraints pin {name}=={self._knowledge.pinned(name)}"
        rule = "unresolvable" if visit.chain else "pin-conflicts-with-constraint"
        return Conflict(visit.entry, _chain(visit), against, rule=rule)

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

    def _needs(self, visit: Visit, name: str) -> Iterable[Visit]:
        candidates = self._knowledge.candidates(name, visit.requirement.specifier)
        if not candidates:
            return
        version = candidates[0]
        by = f"{name}=={version}"
        for needed in self._knowledge.needs(name, version, visit.requirement.extras):
            yield Visit(visit.entry, needed, (*visit.chain, Need(by, needed)))

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
            known = self._knowledge.extras(entry.name, package.version)
            for extra in sorted(requirement.extras) if known is not None else ():
                if canonicalize_name(extra) not in {canonicalize_name(name) for name in known or ()}:
                    offset = max(entry.line.text.find(extra), 0)
                    message = f"{requirement.name} {package.version} has no extra {extra}"
                    yield finding("unknown-extra", message, at(entry.line, offset, len(extra)))


def _chain(visit: Visit) -> tuple[Need, ...]:
    return visit.chain or (Need("your line", visit.requirement),)
