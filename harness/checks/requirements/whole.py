"""The verdict on all lines together: resolve, and when that fails explain and search a fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.checks.requirements.base_set import InstalledPackage
from harness.checks.requirements.changes import Change, compare
from harness.checks.requirements.constrained_releases import ConstrainedRelease, find_reachable
from harness.checks.requirements.entries import OptionEntry, Origin, RequirementEntry
from harness.checks.requirements.findings import at, finding
from harness.checks.requirements.fixes import Edit, resolver_line
from harness.checks.requirements.line_rules import pinned_version
from harness.checks.requirements.origins import Chain, trace_origins
from harness.checks.requirements.platform_rules import BIG_BYTES
from harness.checks.requirements.release_metadata import ReleaseMetadata, is_optional
from harness.checks.requirements.resolution import (
    Inputs,
    Resolved,
    ResolvedFile,
    ResolvedPackage,
    Resolver,
    Unreachable,
    resolve_around_base,
)
from harness.checks.requirements.target import Target
from harness.events import EventSink, ignore_events
from harness.results import Finding
from harness.workerenv.packager import Packager

if TYPE_CHECKING:
    from harness.checks.requirements.explanation import Conflict
    from harness.checks.requirements.index import Index
    from harness.checks.requirements.knowledge import Knowledge

NOTHING_RESOLVES = (
    "no version of your lines resolves with the constraints: remove the line, or run it elsewhere"
)
OUT_OF_TIME = "relax one of these lines; the search for the nearest version that resolves ran out of time"
_CONSTRAINTS_MADE = "2023-01-21"


class VerdictKind(Enum):
    """How resolving came out."""

    RESOLVED = "resolved"
    UNRESOLVABLE = "unresolvable"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Verdict:
    """What resolving said.

    Attributes:
        built: static metadata of releases that have no wheel.
        origins: from a user's line down to packages that no line names.
    """

    kind: VerdictKind
    findings: tuple[Finding, ...] = ()
    resolved: Resolved | None = None
    changes: tuple[Change, ...] = ()
    edits: tuple[Edit, ...] = ()
    built: Mapping[str, Mapping[str, ReleaseMetadata]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    why: str = ""
    origins: Mapping[str, Chain] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """Everything to be judged together: what holds on the target of the file's lines, and with what."""

    entries: Sequence[RequirementEntry]
    constraints: Sequence[RequirementEntry]
    options: Sequence[OptionEntry]
    base: Mapping[str, InstalledPackage]
    packager: Packager
    cache: Path
    target: Target
    releases: Mapping[str, ConstrainedRelease] = field(default_factory=dict)
    exclude_newer: str = ""
    patience_seconds: float = 20.0
    events: EventSink = ignore_events
    resolver: Resolver = resolve_around_base


def judge(task: Task) -> Verdict:
    """Resolve the task's entries below its constraints, on top of the base set."""
    entries, constraints, base, packager = task.entries, task.constraints, task.base, task.packager
    variables = index_variables(task.options)
    if any("${" in value for value in variables.values()):
        return Verdict(VerdictKind.SKIPPED, why="its address needs variables that only the environment has")
    inputs = Inputs(
        requirements=tuple(resolver_line(entry) for entry in entries),
        constraints=tuple(resolver_line(entry) for entry in constraints if entry.origin is Origin.INDEX),
        base=base,
        target=task.target,
        carried=find_reachable((entry.text for entry in entries), task.releases, base),
        variables=variables,
        exclude_newer=task.exclude_newer,
    )
    asked = _names_worth_asking(entries, constraints, base)
    with ThreadPoolExecutor(1) as pool:
        # While uv waits for the network there is time to ask about the user's packages, and to import what
        # asking takes: with an index that does not say how large its files are, it is needed in any case.
        facts = pool.submit(_ask_about, asked, packager, variables, task.cache)
        answer, answered = task.resolver(packager, inputs)
        index = facts.result()
    if isinstance(answer, Unreachable):
        return Verdict(VerdictKind.SKIPPED, why=answer.why)
    if isinstance(answer, Resolved) and not (asked and index):
        return resolved_verdict(answer, task, answered, index)
    from harness.checks.requirements.investigation import investigate  # noqa: PLC0415 - only when needed

    return investigate(answer, inputs, task, index)


def resolved_verdict(
    answer: Resolved,
    task: Task,
    inputs: Inputs,
    index: Index | None,
    *,
    findings: tuple[Finding, ...] = (),
    built: Mapping[str, Mapping[str, ReleaseMetadata]] | None = None,
) -> Verdict:
    """The verdict on an answer; sizes that uv did not get from the index are asked for."""
    changes = compare(task.base, answer.packages)
    chosen = [pick_file(answer.packages[change.name], task.target) for change in changes]
    sizes = {
        file.url: file.size or _carried_size(task, change, file)
        for change, file in zip(changes, chosen, strict=True)
        if file is not None
    }
    missing = [url for url, size in sizes.items() if not size and url.startswith("http")]
    if missing and index is not None and not answer.is_offline:
        sizes |= index.sizes(missing)
    sized = {
        change.name: sizes[file.url] if file is not None else 0
        for change, file in zip(changes, chosen, strict=True)
    }
    talked_about = [
        change.name for change, file in zip(changes, chosen, strict=True) if _needs_line(change, file)
    ]
    if sum(sized.values()) > BIG_BYTES:
        talked_about.append(max(sized, key=sized.__getitem__))
    names = {entry.name for entry in task.entries}
    origins = trace_origins(task.packager, inputs, answer, names, talked_about)
    return Verdict(
        VerdictKind.RESOLVED, findings, answer, changes, built=built or {}, sizes=sized, origins=origins
    )


def _carried_size(task: Task, change: Change, file: ResolvedFile) -> int:
    """What is known beforehand about the file; indexes need not say how large their files are."""
    release = task.releases.get(change.name)
    return release.size if release is not None and release.wheel == file.name else 0


def _needs_line(change: Change, file: ResolvedFile | None) -> bool:
    """Whether there will be something to say about it."""
    return change.is_replacement or file is None or not file.name.endswith(".whl")


def pick_file(package: ResolvedPackage, target: Target) -> ResolvedFile | None:
    """What pip would download: a wheel that runs on the target, else the source."""
    return next((wheel for wheel in package.wheels if target.runs(wheel.name)), package.sdist)


def _names_worth_asking(
    entries: Sequence[RequirementEntry],
    constraints: Sequence[RequirementEntry],
    base: Mapping[str, InstalledPackage],
) -> list[str]:
    """The user's packages of which neither the constraints nor the base set decide the release."""
    decided = {entry.name for entry in constraints}
    return [
        entry.name
        for entry in entries
        if entry.origin is Origin.INDEX
        and (entry.name not in decided or (entry.requirement is not None and entry.requirement.extras))
        and (entry.name not in base or pinned_version(entry) not in (None, base[entry.name].version))
    ]


def _ask_about(
    names: Sequence[str], packager: Packager, variables: Mapping[str, str], cache: Path
) -> Index | None:
    from harness.checks.requirements.index import IndexUnreachableError  # noqa: PLC0415 - as above

    index = make_index(packager, variables, cache)
    try:
        index.connect()
        index.prefetch(names)
    except IndexUnreachableError:
        return None
    return index


def make_index(packager: Packager, variables: Mapping[str, str], cache: Path) -> Index:
    """The index that uv asks first."""
    from harness.checks.requirements.index import PYPI, Index  # noqa: PLC0415 - as above

    environ = {**packager.environ, **variables}
    url = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL") or PYPI
    return Index(
        url, cache / urlsplit(url).netloc.rpartition("@")[2], certificate=environ.get("SSL_CERT_FILE")
    )


def index_variables(options: Iterable[OptionEntry]) -> dict[str, str]:
    """The file's own index options as uv's variables, so that credentials are in no command line."""
    variables: dict[str, str] = {}
    extra = [option.value for option in options if option.name == "extra-index-url"]
    for option in options:
        if option.name in ("index-url", "pypi-url"):
            variables["UV_DEFAULT_INDEX"] = option.value
        elif option.name == "pre":
            variables["UV_PRERELEASE"] = "allow"
    if extra:
        variables["UV_INDEX"] = " ".join(extra)
    return variables


def explain_conflict(conflict: Conflict, remedy: str, why_none: str = "") -> Finding:
    """A conflict as a finding: the chain step by step, why nothing near fits, and what to do."""
    entry = conflict.entry
    steps = conflict.sentences()
    name = entry.requirement.name if entry.requirement else entry.text
    message = f"{name} cannot be installed: {' but '.join(steps[-2:]) if len(steps) > 1 else steps[-1]}"
    is_hopeless = conflict.rule == "not-on-index" and remedy == NOTHING_RESOLVES
    hint = None if is_hopeless else remedy
    told = (f"you ask for {entry.text}", *steps, *filter(None, (why_none,)))
    details = tuple(f"{number}. {step}" for number, step in enumerate(told, 1))
    return finding(conflict.rule, message, at(entry.line, 0, len(entry.text)), hint=hint, details=details)


def find_release_findings(
    entries: Sequence[RequirementEntry], answer: Resolved | None, index: Index, constrained: frozenset[str]
) -> Iterable[Finding]:
    """Yanked releases and releases newer than the constraints, among the user's lines."""
    for entry in entries:
        pinned = pinned_version(entry)
        package = answer.packages.get(entry.name) if answer else None
        version = package.version if package else pinned
        if version is None or entry.origin is not Origin.INDEX or not index.knows(entry.name):
            continue
        release = index.release(entry.name, version)
        if release is None:
            continue
        place = at(entry.line, 0, len(entry.text))
        if release.yanked is not None:
            reason = release.yanked or "no reason given"
            yield finding("yanked-release", f"{entry.name} {version} was withdrawn: {reason}", place)
        times = [file.upload_time for file in release.files]
        times += [file.upload_time for file in package.wheels] if package else []
        uploaded = min(filter(None, times), default="")
        if constrained and entry.name not in constrained and uploaded[:10] > _CONSTRAINTS_MADE:
            message = (
                f"{entry.name} {version} is of {uploaded[:10]}; the constraints were made in January 2023"
            )
            yield finding("newer-than-constraints", message, place)


def with_learned(inputs: Inputs, knowledge: Knowledge, releases: Mapping[str, ConstrainedRelease]) -> Inputs:
    """The inputs with what the knowledge learned, and with those of `releases` that it leads to."""
    built = {name: dict(found) for name, found in knowledge.built.items()}
    read = {name: dict(found) for name, found in knowledge.read.items()}
    needs = chain.from_iterable(
        found.requirements for versions in (*built.values(), *read.values()) for found in versions.values()
    )
    without_extras = {str(need) for need in needs if not is_optional(need)}
    carried = {**inputs.carried, **find_reachable(without_extras, releases, inputs.base)}
    return replace(inputs, built=built, read=read, carried=carried)
