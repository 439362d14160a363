"""Releases that the resolver passed over, without a word, because something that they need has no wheel.

pip would build it, and so take the newer release. The resolver finds one that needs no building, if it can;
what it learns here lets it decide as pip does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.checks.requirements.project_page import IndexFile, Release

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.requirements import Requirement

    from harness.checks.requirements.entries import RequirementEntry
    from harness.checks.requirements.knowledge import Knowledge
    from harness.checks.requirements.resolution import Resolved, ResolvedFile, ResolvedPackage


def learn_passed_over(knowledge: Knowledge, entries: Sequence[RequirementEntry], answer: Resolved) -> None:
    """Let `knowledge` read what newer releases than the chosen ones need.

    Raises:
        IndexUnreachableError: the index did not answer.
    """
    added = {name: found for name, found in answer.packages.items() if not knowledge.is_settled(name)}
    bounds = _bounds(knowledge, (entry.requirement for entry in entries if entry.requirement), added)
    first = knowledge.first_choices((name, bound) for name, bound in bounds.items() if not _is_pin(bound))
    newer = [
        (name, knowledge.release(name, version), set[str]())
        for name, version in first.items()
        if version > Version(added[name].version)
    ]
    knowledge.learn_needed(need for need in knowledge.needs_of(newer) if not _is_met(need, answer.packages))


def _is_pin(specifier: SpecifierSet) -> bool:
    """Whether it leaves no choice."""
    return any(part.operator == "==" and not part.version.endswith("*") for part in specifier)


def _is_met(need: Requirement, packages: Mapping[str, ResolvedPackage]) -> bool:
    chosen = packages.get(canonicalize_name(need.name))
    return chosen is not None and need.specifier.contains(chosen.version, prereleases=True)


def _bounds(
    knowledge: Knowledge, wanted: Iterable[Requirement], added: Mapping[str, ResolvedPackage]
) -> Mapping[str, SpecifierSet]:
    """What the lines, and the chosen releases below them, ask of each added package."""
    bounds: dict[str, SpecifierSet] = {}
    seen: set[str] = set()
    level = list(wanted)
    while level:
        fresh: list[tuple[str, Release, set[str]]] = []
        for requirement in level:
            name = canonicalize_name(requirement.name)
            key = f"{name}[{','.join(sorted(requirement.extras))}]"
            if name not in added:
                continue
            bounds[name] = bounds.get(name, SpecifierSet()) & requirement.specifier
            release = _release(added[name])
            if key not in seen and release is not None:
                seen.add(key)
                fresh.append((name, release, requirement.extras))
        level = knowledge.needs_of(fresh)
    return bounds


def _release(package: ResolvedPackage) -> Release | None:
    """The chosen release as the index would list it, without asking the index; None when it is not its."""
    files = (*package.wheels, *((package.sdist,) if package.sdist else ()))
    if not all(file.url.startswith(("https://", "http://")) for file in files):
        return None
    wheels = [_file(wheel) for wheel in package.wheels]
    return Release(Version(package.version), wheels, _file(package.sdist) if package.sdist else None)


def _file(file: ResolvedFile) -> IndexFile:
    return IndexFile(file.name, file.url)
