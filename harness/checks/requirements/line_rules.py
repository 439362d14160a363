"""Rules that need nothing but the file and the carried pins: constraints, pins, options, addresses."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.markers import UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from harness.checks.requirements.document import official_constraints
from harness.checks.requirements.entries import Origin
from harness.checks.requirements.findings import Place, at, finding
from harness.results import Related, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from harness.checks.requirements.base_set import InstalledPackage
    from harness.checks.requirements.document import Document, Surroundings
    from harness.checks.requirements.entries import OptionEntry, RequirementEntry
    from harness.results import Finding

_PASSWORD = re.compile(r"://(?P<user>[^/@\s:]*):(?P<password>[^@\s]*)@|://(?P<token>[^/@\s:]+)@")
_VARIABLE = re.compile(r"^(\$\{[A-Z0-9_]+\})?$")
_QUIET_VCS_USERS = ("git", "hg")
_UNSUPPORTED = {
    "pre": "--pre lets every package take a pre-release",
    "prefer-binary": "--prefer-binary takes older releases than asked for",
    "no-binary": "--no-binary compiles on every container start",
    "use-feature": "--use-feature depends on the pip of the day",
    "trusted-host": "--trusted-host switches the check of certificates off",
    "pypi-url": "--pypi-url is an old name; use --index-url",
}


def find_constraint_findings(document: Document, surroundings: Surroundings) -> Iterator[Finding]:
    """What is wrong with how the file is constrained."""
    release = (surroundings.airflow_version, surroundings.python_series)
    for option in document.constraint_sources:
        official = official_constraints(option.value)
        if official is not None and official != release:
            message = (
                f"these constraints are for Airflow {official[0]} on Python {official[1]}; "
                f"the environment has Airflow {release[0]} on Python {release[1]}"
            )
            yield finding(
                "constraints-wrong-version", message, at(option.line, option.offset, len(option.value))
            )
        if "://" in option.value and document.has_option("no-index"):
            place = at(option.line, option.offset, len(option.value))
            yield finding(
                "constraints-with-no-index", "the address is fetched although --no-index is set", place
            )
    if document.constraint_sources or document.has_option("no-index") or not document.requirements:
        return
    number = next((n for n, text in document.comments if re.match(r"(-c\s|--constraint[\s=])", text)), None)
    if number is not None:
        source = document.texts[document.path].splitlines()[number - 1]
        location = at(document.path).location
        place = Place(type(location)(location.path, number, source.index("#") + 1), source, 1)
        yield finding(
            "constraints-commented-out", "this constraint line is a comment: nothing is constrained", place
        )
    else:
        message = "no constraint line: pip may replace Airflow itself, or anything it is made of"
        yield finding(
            "constraints-missing", message, Place(type(at(document.path).location)(document.path, 1))
        )


def find_pin_findings(
    document: Document, environment: Mapping[str, str], installed: Collection[str]
) -> Iterator[Finding]:
    """Lines against the constraints and against each other; what is `installed` decides its own version."""
    pins: dict[str, list[RequirementEntry]] = defaultdict(list)
    for constraint in document.constraints:
        if constraint.name and applies(constraint, environment):
            pins[constraint.name].append(constraint)
    seen: dict[str, RequirementEntry] = {}
    for entry in document.requirements:
        if entry.requirement is None or not applies(entry, environment):
            continue
        yield from _compare_with_constraints(entry, pins.get(entry.name, ()))
        decided = entry.name in pins or entry.name in installed or document.has_option("no-index")
        if not decided and entry.origin is Origin.INDEX and not entry.requirement.specifier:
            message = f"{entry.requirement.name} has no version and the constraints have no pin for it"
            yield finding("unpinned-unconstrained", message, at(entry.line, 0, len(entry.text)))
        if entry.name in seen:
            yield _duplicate(entry, seen[entry.name])
        seen.setdefault(entry.name, entry)


def find_extra_findings(document: Document, base: Mapping[str, InstalledPackage]) -> Iterator[Finding]:
    """Extras that a package of the base set, which stays as it is, does not have."""
    for entry in document.requirements:
        requirement, package = entry.requirement, base.get(entry.name)
        if requirement is None or package is None or not requirement.specifier.contains(package.version):
            continue
        known = {canonicalize_name(extra) for extra in package.extras}
        for extra in sorted(requirement.extras):
            if canonicalize_name(extra) not in known:
                place = at(entry.line, max(entry.line.text.find(extra), 0), len(extra))
                yield finding(
                    "unknown-extra", f"{requirement.name} {package.version} has no extra {extra}", place
                )


def _compare_with_constraints(
    entry: RequirementEntry, constraints: Sequence[RequirementEntry]
) -> Iterator[Finding]:
    requirement = entry.requirement
    if requirement is None or entry.origin is not Origin.INDEX:
        return
    for constraint in constraints:
        pinned = pinned_version(constraint)
        if pinned is None or requirement.specifier.contains(pinned, prereleases=True):
            continue
        location, _ = constraint.line.locate()
        exact = pinned_version(entry) is not None
        rule = "pin-conflicts-with-constraint" if exact else "range-excludes-constraint"
        verb = "pins" if exact else "wants"
        yield finding(
            rule,
            f"{requirement.name}: this line {verb} {requirement.specifier}, the constraints pin =={pinned}",
            at(entry.line, _specifier_offset(entry), len(str(requirement.specifier))),
            hint=f"take {requirement.name}=={pinned}, the version that Airflow was tested with",
            related=(Related(location, f"constraint: {constraint.text}"),),
        )


def _specifier_offset(entry: RequirementEntry) -> int:
    match = re.search(r"[<>=!~]", entry.line.text)
    return match.start() if match else 0


def _duplicate(entry: RequirementEntry, first: RequirementEntry) -> Finding:
    location, _ = first.line.locate()
    same = str(entry.requirement) == str(first.requirement)
    message = f"{entry.name} is already on line {first.line.line}" + ("" if same else f", as {first.text}")
    return finding(
        "duplicate-requirement",
        message,
        at(entry.line, 0, len(entry.text)),
        related=(Related(location, f"first: {first.text}"),),
        severity=Severity.NOTE if same else Severity.WARNING,
    )


def find_service_findings(document: Document) -> Iterator[Finding]:
    """Lines that pip understands and MWAA cannot serve."""
    for entry in document.requirements:
        place = at(entry.line, entry.line.text.find(entry.text), len(entry.text))
        if entry.is_editable:
            yield finding("editable-requirement", "there is no source tree on MWAA to install from", place)
        elif entry.origin is Origin.VCS:
            yield finding("vcs-url", "MWAA's containers have no access to version control", place)
        elif entry.origin is Origin.LOCAL and "/usr/local/airflow/" not in entry.text:
            yield finding("local-path", "this path exists on your machine, not on MWAA", place)
        yield from _find_password(entry.line.text, place)
    for option in (*document.options, *document.constraint_sources, *document.unread):
        place = at(option.line, option.offset, max(len(option.value), 1))
        if option.name in _UNSUPPORTED:
            yield finding("unsupported-option", _UNSUPPORTED[option.name], place)
        if option not in document.constraint_sources or option in document.unread:
            yield from _find_password(option.value, place)
        yield from _find_foreign_folder(option, place)


def _find_foreign_folder(option: OptionEntry, place: Place) -> Iterator[Finding]:
    is_folder = option.name == "find-links" and "://" not in option.value
    if is_folder and not option.value.startswith("/usr/local/airflow/"):
        yield finding("local-path", f"{option.value} exists on your machine, not on MWAA", place)


def _find_password(text: str, place: Place) -> Iterator[Finding]:
    for match in _PASSWORD.finditer(text):
        secret = match["token"] if match["password"] is None else match["password"]
        if secret and not _VARIABLE.match(secret) and secret not in _QUIET_VCS_USERS:
            yield finding("credentials-in-url", "this address carries credentials (hidden here)", place)
            return


def applies(entry: RequirementEntry, environment: Mapping[str, str]) -> bool:
    """Whether the entry's marker holds in the target environment."""
    marker = entry.requirement.marker if entry.requirement else None
    try:
        return marker is None or marker.evaluate(dict(environment))
    except UndefinedEnvironmentName:
        return True


def pinned_version(entry: RequirementEntry) -> str | None:
    """The version of a plain == pin."""
    specifiers = list(entry.requirement.specifier) if entry.requirement else []
    if (
        len(specifiers) == 1
        and specifiers[0].operator in ("==", "===")
        and not specifiers[0].version.endswith("*")
    ):
        return specifiers[0].version
    return None
