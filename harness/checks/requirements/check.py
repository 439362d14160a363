"""The requirements check: an ordered list of steps from the file to a result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.checks.base import Rule
from harness.checks.requirements.base_set import InstalledPackage, load_base_set
from harness.checks.requirements.changes import Change, find_broken_packages, find_change_findings
from harness.checks.requirements.constrained_releases import load_constrained_releases
from harness.checks.requirements.document import Document, Surroundings, read_document
from harness.checks.requirements.entries import Origin, RequirementEntry
from harness.checks.requirements.findings import Place, at, finding
from harness.checks.requirements.line_rules import (
    applies,
    find_constraint_findings,
    find_extra_findings,
    find_pin_findings,
    find_service_findings,
)
from harness.checks.requirements.platform_rules import (
    estimate_seconds,
    find_missing_wheels,
    find_size_findings,
    find_source_findings,
    find_wheel_findings,
)
from harness.checks.requirements.resolution import Resolver, resolve_around_base
from harness.checks.requirements.rules import ALL_RULES, RULES
from harness.checks.requirements.target import MWAA, Target
from harness.checks.requirements.whole import Task, Verdict, VerdictKind, judge
from harness.errors import Location, UsageError
from harness.events import EventSink, ignore_events
from harness.results import CheckResult, Finding, Severity, Skipped
from harness.workerenv.matrix import support_row
from harness.workerenv.packager import Packager

_PLUGINS = "/usr/local/airflow/plugins"
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
_NEEDS_INDEX = "resolution, changes, wheels, yanked releases, extras"


@dataclass(frozen=True)
class Request:
    """What to check, and with what.

    Attributes:
        file: the requirements file, absolute.
        packager: uv; None checks without resolving anything.
        cache: a folder for what was learned about releases.
        is_private: the environment's web server is declared private, so addresses may be unreachable.
        exclude_newer: judge as of this date.
        patience_seconds: how long to look for causes and for versions that resolve.
        resolver: how the lines are resolved; the default leaves out what cannot change.
    """

    file: Path
    root: Path
    dags_folder: Path
    plugins_folder: Path
    airflow_version: str
    cache: Path
    packager: Packager | None
    is_private: bool = False
    exclude_newer: str = ""
    target: Target = MWAA
    mounts: Mapping[str, Path] = field(default_factory=dict)
    events: EventSink = ignore_events
    patience_seconds: float = 20.0
    resolver: Resolver = resolve_around_base

    @property
    def surroundings(self) -> Surroundings:
        row = support_row(self.airflow_version)
        mounts = {"/usr/local/airflow/dags": self.dags_folder, _PLUGINS: self.plugins_folder, **self.mounts}
        return Surroundings(self.root, mounts, row.constraints_file, row.airflow_version, row.python_series)


@dataclass(frozen=True)
class Checked:
    """The result, and what it was made from."""

    result: CheckResult
    read: tuple[Path, ...]
    document: Document
    verdict: Verdict | None


@dataclass(frozen=True)
class RequirementsCheck:
    """The check as every check is called."""

    request: Request
    name: str = "requirements"
    rules: tuple[Rule, ...] = ALL_RULES

    def run(self) -> CheckResult:
        """Check the file.

        Raises:
            UsageError: it does not exist.
        """
        return check_requirements(self.request).result


def check_requirements(request: Request) -> Checked:
    """Check the file and say what it was made from.

    Raises:
        UsageError: the file does not exist.
    """
    started = time.monotonic()
    if not request.file.is_file():
        raise UsageError(
            f"there is no requirements file at {request.file}",
            hint="name one: mwaa-harness check requirements FILE",
        )
    base = load_base_set(request.airflow_version)
    document = read_document(request.file, request.surroundings)
    findings = [*document.findings, *_check_lines(request, document, base)]
    verdict = _judge(request, document, base, findings)
    findings += verdict.findings if verdict else ()
    facts, data, skipped = _summarize(request, verdict)
    changes = verdict.changes if verdict else ()
    if verdict and verdict.resolved:
        findings += _check_changes(request, document, base, verdict)
    result = CheckResult(
        check="requirements",
        subjects=(request.file,),
        findings=tuple(sorted(_unique(findings), key=_rank)),
        skipped=(*skipped, *_skip_unread(document), *_skip_variables(document)),
        facts=facts,
        seconds=time.monotonic() - started,
        data={**data, "changes": [change.__dict__ for change in changes]},
    )
    read = (*document.read, request.plugins_folder)
    return Checked(result, read, document, verdict)


def _check_lines(request: Request, document: Document, base: Mapping[str, InstalledPackage]) -> list[Finding]:
    environment = request.target.marker_environment
    findings = [
        *find_constraint_findings(document, request.surroundings),
        *find_pin_findings(document, environment, base.keys()),
        *find_extra_findings(document, base),
        *find_service_findings(document),
        *find_wheel_findings(request.plugins_folder, request.target),
    ]
    if request.is_private:
        findings += [
            finding(
                "constraints-unreachable",
                "the environment is PRIVATE_ONLY: it may have no route to this address",
                at(option.line, option.offset, len(option.value)),
            )
            for option in document.constraint_sources
            if "://" in option.value
        ]
    if document.has_option("no-index"):
        findings += find_missing_wheels(document, request.plugins_folder, base, request.target)
    return findings


def _judge(
    request: Request, document: Document, base: Mapping[str, InstalledPackage], findings: list[Finding]
) -> Verdict | None:
    """The verdict on the whole; None when pip would stop before it resolves, or needs no index."""
    stops = ("encoding", "invalid-requirement", "unknown-option", "include-missing", "include-cycle")
    if any(found.rule in (*stops, "constraints-file-missing") for found in findings):
        return None
    if document.has_option("no-index"):
        return None
    entries = [entry for entry in document.requirements if applies(entry, request.target.marker_environment)]
    if not entries:
        return Verdict(VerdictKind.RESOLVED)
    if request.packager is None:
        return Verdict(VerdictKind.SKIPPED, why="offline was asked for")
    constraints = [
        entry for entry in document.constraints if applies(entry, request.target.marker_environment)
    ]
    resolvable = [entry for entry in entries if _is_resolvable(entry)]
    task = Task(
        entries=resolvable,
        constraints=constraints,
        options=document.options,
        base=base,
        packager=request.packager,
        cache=request.cache,
        target=request.target,
        releases=load_constrained_releases(request.airflow_version),
        exclude_newer=request.exclude_newer,
        patience_seconds=request.patience_seconds,
        events=request.events,
        resolver=request.resolver,
    )
    return judge(task)


def _is_resolvable(entry: RequirementEntry) -> bool:
    """Whether resolving it runs nobody's code: an index name, or the address of a wheel."""
    is_wheel = entry.origin is Origin.URL and ".whl" in entry.text and entry.text.count("://") == 1
    if _has_variable(entry):
        return False
    return entry.requirement is not None and (entry.origin is Origin.INDEX or is_wheel)


def _has_variable(entry: RequirementEntry) -> bool:
    """Whether reading it would put a variable of this machine, perhaps a secret, into an address."""
    return "${" in entry.text


def _check_changes(
    request: Request, document: Document, base: Mapping[str, InstalledPackage], verdict: Verdict
) -> list[Finding]:
    resolved = verdict.resolved
    if resolved is None:
        return []

    def place_of(name: str) -> Place:
        chain = verdict.origins.get(name, (name,))
        line = next((entry for entry in document.requirements if entry.name == chain[0]), None)
        if line is None:
            return Place(Location(request.file))
        reason = f"this line asks for {', which needs '.join(chain)}" if len(chain) > 1 else ""
        return replace(at(line.line, 0, len(line.text)), reason=reason)

    changes, target = verdict.changes, request.target
    size = sum(verdict.sizes.values())
    seconds = estimate_seconds(changes, resolved, target, size)
    return [
        *find_change_findings(changes, place_of),
        *find_broken_packages(base, changes, target, place_of),
        *find_source_findings(changes, resolved, verdict.built, target, place_of),
        *find_size_findings(size, seconds, place_of(_find_heaviest(verdict, target))),
    ]


def _find_heaviest(verdict: Verdict, target: Target) -> str:
    """The package that takes longest to install: one that has to be built, else the largest."""
    packages = verdict.resolved.packages if verdict.resolved else {}
    built = (c.name for c in verdict.changes if not any(target.runs(w.name) for w in packages[c.name].wheels))
    return next(built, None) or max(verdict.sizes, key=verdict.sizes.__getitem__, default="")


def _summarize(
    request: Request, verdict: Verdict | None
) -> tuple[tuple[str, ...], dict[str, object], tuple[Skipped, ...]]:
    if verdict is None:
        return (), {}, ()
    if verdict.kind is VerdictKind.SKIPPED:
        return (), {}, (Skipped(_NEEDS_INDEX, f"needs the index ({verdict.why})"),)
    data: dict[str, object] = {
        "edits": [{**edit.__dict__, "path": str(edit.path)} for edit in verdict.edits],
    }
    if verdict.resolved is None:
        return _propose(verdict), data, ()
    changes, resolved, target = verdict.changes, verdict.resolved, request.target
    size = sum(verdict.sizes.values())
    seconds = estimate_seconds(changes, resolved, target, size)
    data |= {"download_bytes": size, "estimated_seconds": round(seconds, 1)}
    added = [change for change in changes if not change.is_replacement]
    replaced = [change for change in changes if change.is_replacement]
    facts = [f"adds {len(added)} packages and replaces {len(replaced)} of MWAA's own"]
    megabytes = "under 1 MB" if 0 < size < 1e6 else f"{size / 1e6:.0f} MB"  # noqa: PLR2004 - a megabyte
    facts += [f"downloads {megabytes}, about {_duration(seconds)} per container; the limit is 10 min"]
    facts += [f"replaces {_show(replaced)}"] if replaced else []
    facts += [f"adds {_show(added)}"] if added else []
    facts += ["resolved from the cache: the index did not answer"] if resolved.is_offline else []
    return tuple(facts), data, ()


def _propose(verdict: Verdict) -> tuple[str, ...]:
    if verdict.kind is VerdictKind.RESOLVED:
        return ("asks for nothing, so nothing changes",)
    edits = ", ".join(f"line {edit.line}: {edit.after}" for edit in verdict.edits)
    return (f"--fix would write {edits}",) if edits else ()


_SHOWN = 12


def _show(changes: list[Change]) -> str:
    parts = [f"{c.name} {c.before} → {c.after}" if c.before else f"{c.name} {c.after}" for c in changes]
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"  # noqa: PLR2004 - a minute and a half


def _skip_unread(document: Document) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(f"{option.name} file on line {option.line.line}", "needs the network; it was not read")
        for option in document.unread
    )


def _skip_variables(document: Document) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(f"line {entry.line.line}", "its address needs variables that only the environment has")
        for entry in document.requirements
        if _has_variable(entry)
    )


def _unique(findings: list[Finding]) -> list[Finding]:
    return list({(f.rule, f.location, f.message): f for f in findings}.values())


def _rank(found: Finding) -> tuple[int, str, int, int]:
    location = found.location
    path = str(location.path) if location else ""
    line = (location.line if location else None) or 0
    return _ORDER.index(found.severity), path, line, list(RULES).index(found.rule)


def with_time(result: CheckResult, seconds: float) -> CheckResult:
    """The same result, taken `seconds` this time."""
    return replace(result, seconds=seconds)
