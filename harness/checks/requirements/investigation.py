"""What the fast path cannot say: releases without wheels, why lines conflict, which change resolves them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from harness.checks.requirements.entries import Origin, RequirementEntry
from harness.checks.requirements.explanation import Explainer, Reach, find_settled, merge_pins
from harness.checks.requirements.findings import at, finding
from harness.checks.requirements.fixes import FixSearch, Preference
from harness.checks.requirements.index import Index, IndexUnreachableError
from harness.checks.requirements.line_rules import pinned_version
from harness.checks.requirements.passed_over import learn_passed_over
from harness.checks.requirements.resolution import (
    Resolved,
    Unreachable,
    Unresolvable,
    resolve,
    resolve_briefly,
)
from harness.checks.requirements.whole import (
    NOTHING_RESOLVES,
    OUT_OF_TIME,
    Task,
    Verdict,
    VerdictKind,
    explain_conflict,
    find_release_findings,
    make_index,
    resolved_verdict,
    with_learned,
)
from harness.events import StepProgressed, StepStarted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.checks.requirements.explanation import Conflict
    from harness.checks.requirements.fixes import Fix
    from harness.checks.requirements.resolution import Answer, Inputs
    from harness.results import Finding

_MOST_ROUNDS = 12


def investigate(answer: Answer, inputs: Inputs, task: Task, index: Index | None) -> Verdict:
    """Turn the resolver's answer into a verdict, asking the index where it has to."""
    if isinstance(answer, Unresolvable):
        task.events(StepStarted("requirements", "looking into what does not resolve at once"))
    index = index or make_index(task.packager, inputs.variables, task.cache)
    pins = merge_pins(task.constraints)
    known = find_settled(pins, task.releases, task.base)
    explainer = Explainer(index, known, pins, task.target, task.patience_seconds)
    try:
        answer, inputs, conflicts = _learn(answer, inputs, task, explainer, index)
        if isinstance(answer, Unreachable):
            return Verdict(VerdictKind.SKIPPED, why=answer.why)
        resolved = answer if isinstance(answer, Resolved) else None
        about = (
            *_look_at_releases(task, resolved, index),
            *explainer.find_unknown_extras(task.entries, resolved),
        )
        if resolved is not None:
            return resolved_verdict(resolved, task, inputs, index, findings=about, built=explainer.built)
        task.events(StepProgressed("requirements", _what_is_searched(conflicts)))
        search = _make_search(inputs, task, explainer, index)
        fix = search.search(task.entries, _blamed(conflicts))
    except IndexUnreachableError as error:
        return _settle(answer, task, inputs, str(error))
    # A line that itself contradicts a constraint was reported before anything was resolved.
    deep = [conflict for conflict in conflicts if conflict.rule != "pin-conflicts-with-constraint"]
    found = _tell(deep, fix, search)
    if not conflicts and isinstance(answer, Unresolvable):
        found = (_in_words_of_resolver(answer, task.entries, fix),)
    edits = fix.edits if fix else ()
    return Verdict(VerdictKind.UNRESOLVABLE, (*about, *found), edits=edits, built=explainer.built)


def _tell(conflicts: Sequence[Conflict], fix: Fix | None, search: FixSearch) -> tuple[Finding, ...]:
    if fix is not None:
        return tuple(explain_conflict(conflict, _which_resolve(fix)) for conflict in conflicts)
    if search.is_spent:
        return tuple(explain_conflict(conflict, OUT_OF_TIME) for conflict in conflicts)
    return tuple(
        explain_conflict(conflict, NOTHING_RESOLVES, search.why_none(conflict.entry))
        for conflict in conflicts
    )


def _what_is_searched(conflicts: Sequence[Conflict]) -> str:
    """The verdict is known long before a fix is: who waits sees it meanwhile."""
    if not conflicts:
        return "searching the nearest versions that resolve"
    names = sorted({conflict.entry.name for conflict in conflicts})
    return f"{', '.join(names[:3])} cannot be installed; searching the nearest that can"


def _learn(
    answer: Answer, inputs: Inputs, task: Task, explainer: Explainer, index: Index
) -> tuple[Answer, Inputs, tuple[Conflict, ...]]:
    """Resolve again for as long as releases without wheels turn up whose metadata the resolver lacks."""
    explainer.learn_sources(task.entries)
    conflicts: tuple[Conflict, ...] = ()
    best: tuple[Resolved, Inputs] | None = None
    for _ in range(_MOST_ROUNDS):
        if explainer.built != inputs.built:
            inputs = with_learned(inputs, explainer, task.releases)
            answer = resolve(task.packager, inputs)
        if isinstance(answer, Resolved):
            best = answer, inputs
        if isinstance(answer, Unreachable) or explainer.is_spent:
            break
        if isinstance(answer, Resolved):
            if inputs.built and not _learn_more(explainer, task, answer):
                break
        else:
            suspects = _suspects(answer, task.entries, index)
            if missing := answer.without_wheel - explainer.built.keys():
                explainer.learn_below(suspects)
                explainer.learn_releases(missing - explainer.built.keys())
            if explainer.built == inputs.built and best is None:
                conflicts = explainer.find_conflicts(suspects, _reach(answer, task, explainer))
        if explainer.built == inputs.built:
            break
    return (*best, ()) if best is not None else (answer, inputs, conflicts)


def _learn_more(explainer: Explainer, task: Task, answer: Resolved) -> bool:
    """Look for better answers than this; False when the index fell silent, which does not unmake it."""
    try:
        learn_passed_over(explainer, task.entries, answer)
    except IndexUnreachableError:
        return False
    return True


def _reach(answer: Unresolvable, task: Task, explainer: Explainer) -> Reach:
    """Only a walk over everything finds releases without a wheel that lines deep below ask for."""
    puzzling = answer.without_wheel - explainer.built.keys() - task.base.keys()
    return Reach.EVERYTHING if puzzling else Reach.NEAREST


def _suspects(
    answer: Answer, entries: Sequence[RequirementEntry], index: Index
) -> Sequence[RequirementEntry]:
    """The entries that the resolver mentions or no index can serve; walking 300 lines takes long."""
    words = " ".join(answer.words) if isinstance(answer, Unresolvable) else ""
    mentioned = set(re.findall(r"[a-z0-9][a-z0-9-]*", words))
    return [entry for entry in entries if entry.name in mentioned or _is_absent(entry, index)] or entries


def _is_absent(entry: RequirementEntry, index: Index) -> bool:
    """Whether the index was asked for its package and has none, or not the pinned release."""
    if entry.origin is not Origin.INDEX or not index.knows(entry.name):
        return False
    pinned = pinned_version(entry)
    return not index.releases(entry.name) or (pinned is not None and not index.release(entry.name, pinned))


def _look_at_releases(task: Task, resolved: Resolved | None, index: Index) -> Iterable[Finding]:
    constrained = frozenset(entry.name for entry in task.constraints)
    return find_release_findings(task.entries, resolved, index, constrained)


def _settle(answer: Answer, task: Task, inputs: Inputs, why: str) -> Verdict:
    """The verdict when the index fell silent on the way: what is known stays known."""
    if isinstance(answer, Unresolvable):
        return Verdict(VerdictKind.UNRESOLVABLE, (_in_words_of_resolver(answer, task.entries),))
    if isinstance(answer, Resolved):
        return resolved_verdict(answer, task, inputs, None)
    return Verdict(VerdictKind.SKIPPED, why=why)


def _blamed(conflicts: Sequence[Conflict]) -> Sequence[RequirementEntry]:
    others = (conflict.other for conflict in conflicts if conflict.other is not None)
    return [*(conflict.entry for conflict in conflicts), *others]


def _which_resolve(fix: Fix) -> str:
    return "these lines resolve: " + "; ".join(f"line {edit.line}: {edit.after}" for edit in fix.edits)


def _make_search(inputs: Inputs, task: Task, explainer: Explainer, index: Index) -> FixSearch:
    def resolve_lines(lines: Sequence[str], preference: Preference) -> Answer:
        # A proposal is never a pre-release, which uv would fall back to when no release fits.
        asked = replace(
            with_learned(inputs, explainer, task.releases),
            requirements=tuple(lines),
            prerelease="explicit",
            preference=preference.value,
        )
        answer = resolve_briefly(task.packager, asked)
        for _ in range(_MOST_ROUNDS):
            if not isinstance(answer, Unresolvable) or explainer.is_spent:
                break
            explainer.learn_releases(answer.without_wheel - explainer.built.keys())
            learned = with_learned(asked, explainer, task.releases)
            if learned.built == asked.built:
                break
            asked = learned
            answer = resolve_briefly(task.packager, asked)
        return answer

    def resolve_thoroughly(lines: Sequence[str]) -> Answer:
        answer = resolve_lines(lines, Preference.HIGHEST)
        if isinstance(answer, Unresolvable) and answer.without_wheel and not explainer.is_spent:
            explainer.find_conflicts(
                replace(entry, requirement=Requirement(line)) if entry.origin is Origin.INDEX else entry
                for entry, line in zip(task.entries, lines, strict=True)
            )
            answer = resolve_lines(lines, Preference.HIGHEST)
        return answer

    decided = {entry.name for entry in task.constraints if pinned_version(entry) is not None}
    settled = frozenset(decided | task.base.keys())
    return FixSearch(index, explainer, settled, resolve_lines, resolve_thoroughly)


def _in_words_of_resolver(
    answer: Unresolvable, entries: Sequence[RequirementEntry], fix: Fix | None = None
) -> Finding:
    """No short chain was found: the end of the resolver's own proof, which names the user's lines."""
    line = next((entry for entry in entries if entry.origin is Origin.INDEX), entries[0])
    words = tuple(word.strip() for word in answer.words if word.strip() and not word.startswith("hint"))
    return finding(
        "unresolvable",
        "no set of versions satisfies all lines",
        at(line.line, 0, len(line.text)),
        hint=_which_resolve(fix) if fix else None,
        details=words[-6:],
    )
