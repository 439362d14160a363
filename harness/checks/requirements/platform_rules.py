"""Rules about files: wheels that do not run on MWAA, wheels that are missing, and what installing takes."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from harness.checks.requirements.entries import Origin
from harness.checks.requirements.findings import at, finding
from harness.checks.requirements.line_rules import applies
from harness.checks.requirements.release_metadata import parse_requirements, read_wheel_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement
    from packaging.version import Version

    from harness.checks.requirements.base_set import InstalledPackage
    from harness.checks.requirements.changes import Change
    from harness.checks.requirements.document import Document
    from harness.checks.requirements.findings import Place
    from harness.checks.requirements.release_metadata import ReleaseMetadata
    from harness.checks.requirements.resolution import Resolved
    from harness.checks.requirements.target import Target
    from harness.results import Finding

_LARGEST_WHEEL = 512 << 20
BIG_BYTES = 400 << 20
_LIMIT_SECONDS = 600
# Measured on mw1.small-like containers: a slow disk and one shared core.
_BYTES_PER_SECOND = 8 << 20
_SECONDS_PER_WHEEL = 0.4
_SECONDS_PER_BUILD = 60.0


def find_wheel_findings(folder: Path, target: Target) -> Iterator[Finding]:
    """Wheels of the plugins folder that cannot be installed on MWAA."""
    for wheel in sorted(folder.rglob("*.whl")) if folder.is_dir() else ():
        if not target.runs(wheel.name):
            message = (
                f"{wheel.name} does not install on CPython {target.python_series}, x86-64 Linux, glibc 2.26"
            )
            yield finding("plugins-wheel-wrong-platform", message, at(wheel))


def find_missing_wheels(
    document: Document, folder: Path, base: Mapping[str, InstalledPackage], target: Target
) -> Iterator[Finding]:
    """With --no-index: what the lines and the wheels need, and neither plugins.zip nor the base set has."""
    wheels = _wheels(folder, target)
    environment = target.marker_environment
    for entry in document.requirements:
        if entry.requirement is None or entry.origin is not Origin.INDEX or not applies(entry, environment):
            continue
        seen: set[str] = set()
        chain = [(entry.requirement, "")]
        while chain:
            needed, by = chain.pop(0)
            name = canonicalize_name(needed.name)
            if name in seen:
                continue
            seen.add(name)
            if name in base and needed.specifier.contains(base[name].version, prereleases=True):
                continue
            fitting = [v for v in wheels.get(name, ()) if needed.specifier.contains(v, prereleases=True)]
            if not fitting:
                suffix = f", which {by} needs" if by else ""
                message = f"plugins.zip has no wheel for {needed.name}{needed.specifier}{suffix}"
                yield finding("find-links-wheel-missing", message, at(entry.line, 0, len(entry.text)))
                continue
            chain += _needs(wheels[name][max(fitting)], needed.extras, environment)


def _wheels(folder: Path, target: Target) -> dict[str, dict[Version, Path]]:
    found: dict[str, dict[Version, Path]] = {}
    for wheel in folder.rglob("*.whl") if folder.is_dir() else ():
        try:
            name, version, _, _ = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            continue
        if target.runs(wheel.name):
            found.setdefault(name, {})[version] = wheel
    return found


def _needs(wheel: Path, extras: set[str], environment: Mapping[str, str]) -> list[tuple[Requirement, str]]:
    if wheel.stat().st_size > _LARGEST_WHEEL:
        return []
    try:
        with wheel.open("rb") as stream:
            texts = read_wheel_metadata(stream).requires
    except (OSError, zipfile.BadZipFile, StopIteration, KeyError):
        return []
    needs = []
    for needed in parse_requirements(texts):
        marker = needed.marker
        if marker is None or any(marker.evaluate({**environment, "extra": x}) for x in ("", *extras)):
            needs.append((needed, wheel.name))
    return needs


def find_source_findings(
    changes: Sequence[Change],
    resolved: Resolved,
    built: Mapping[str, Mapping[str, ReleaseMetadata]],
    target: Target,
    place_of: Callable[[str], Place | None],
) -> Iterator[Finding]:
    """Packages that every container would have to compile."""
    for change in changes:
        package = resolved.packages[change.name]
        if any(target.runs(wheel.name) for wheel in package.wheels) or package.sdist is None:
            continue
        metadata = built.get(change.name, {}).get(change.after)
        tools = (
            ", ".join(metadata.build_requires) if metadata and metadata.build_requires else "its build tools"
        )
        message = (
            f"{change.name} {change.after} has no wheel for MWAA; it is built with {tools} at each start"
        )
        yield finding("no-compatible-wheel", message, place_of(change.name))


def estimate_seconds(changes: Sequence[Change], resolved: Resolved, target: Target, size: int) -> float:
    """Roughly how long a container takes to download `size` bytes and install the changes."""
    builds = sum(
        not any(target.runs(wheel.name) for wheel in resolved.packages[change.name].wheels)
        for change in changes
    )
    wheels = len(changes) - builds
    return size / _BYTES_PER_SECOND + wheels * _SECONDS_PER_WHEEL + builds * _SECONDS_PER_BUILD


def find_size_findings(size: int, seconds: float, place: Place) -> Iterator[Finding]:
    """An installation that may be killed before it ends."""
    if size > BIG_BYTES or seconds > _LIMIT_SECONDS / 2:
        message = f"about {size / 1e6:.0f} MB and {seconds / 60:.1f} minutes to install, on every container"
        yield finding("install-too-big", message, place)
