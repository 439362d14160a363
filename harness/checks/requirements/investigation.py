"""What the fast path cannot say: releases without wheels, why lines conflict, which change resolves them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from harness.checks.requirements.entries import Origin, RequirementEntry
from harness.checks.requirements.explanation import Explainer, Reach
from harness.checks.requirements.findings import at, finding
from harness.checks.requirements.fixes import FixSearch, Preference
from harness.checks.requirements.index import Index, IndexUnreachableError
from harness.checks.requirements.knowledge import Knowledge, find_settled, merge_pins
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
    from collections.abc import Iterator, Sequence

    from harness.checks.requirements.explanation import Conflict
    from harness.checks.requirements.fixes import Fix
    from harness.checks.requirements.resolution import Answer, Inputs
    from harness.results import Finding

_MOST_ROUNDS = 12
_LEAST_SECONDS = 0.5  # uv answers from its cache in less


def investigate(answer: Answer, inputs: Inputs, task: Task, index: Index | None) -> Verdict:
    """Turn the resolver's answer into a verdict, asking the index where it has to."""
    if isinstance(answer, Unresolvable):
        task.events(StepStarted("requirements", "looking into what does not resolve at once"))
    index = index or make_index(task.packager, inputs.variables, task.cache)
    pins = merge_pins(task.constraints)
    known = find_settled(pins, task.releases, task.base)
    knowledge = Knowledge(index, known, pins, task.target, task.patience_seconds)
    investigator = _Investigator(task, index, knowledge, Explainer(knowledge, index, task.target))
    try:
        answer, inputs, conflicts = investigator.learn(answer, inputs)
        if isinstance(answer, Unreachable):
            return Verdict(VerdictKind.SKIPPED, why=answer.why)
        resolved = answer if isinstance(answer, Resolved) else None
        about = tuple(investigator.look_at_releases(resolved))
        if resolved is not None:
            return resolved_verdict(resolved, task, inputs, index, findings=about, built=knowledge.built)
        task.events(StepProgressed("requirements", _what_is_searched(conflicts)))
        search = investigator.make_search(inputs)
        fix = search.search(task.entries, _blamed(conflicts))
    except IndexUnreachableError as error:
        return _settle(answer, task, inputs, str(error))
    # A line that itself contradicts a constraint was reported before anything was resolved.
    deep = [conflict for conflict in conflicts if conflict.rule != "pin-conflicts-with-constraint"]
    found = _tell(deep, fix, search)
    if not conflicts and isinstance(answer, Unresolvable):
        found = (_in_words_of_resolver(answer, task.entries, fix),)
    edits = fix.edits if fix else ()
    return Verdict(VerdictKind.UNRESOLVABLE, (*about, *found), edits=edits, built=knowledge.built)


@dataclass(frozen=True)
class _Investigator:
    """Asks the resolver and the index in turn, about one task."""

    task: Task
    index: Index
    knowledge: Knowledge
    explainer: Explainer

    def learn(self, answer: Answer, inputs: Inputs) -> tuple[Answer, Inputs, tuple[Conflict, ...]]:
        """Resolve again for as long as releases without wheels turn up whose metadata the resolver lacks."""
        self.knowledge.learn_sources(self.task.entries)
        conflicts: tuple[Conflict, ...] = ()
        best: tuple[Resolved, Inputs] | None = None
        for _ in range(_MOST_ROUNDS):
            if self.knowledge.built != inputs.built:
                inputs = with_learned(inputs, self.knowledge, self.task.releases)
                answer = resolve(self.task.packager, inputs)
            if isinstance(answer, Resolved):
                best = answer, inputs
            if isinstance(answer, Unreachable) or self.knowledge.is_spent:
                break
            if isinstance(answer, Resolved):
                if inputs.built and not self._learn_more(answer):
                    break
            else:
                suspects = self._suspects(answer)
                if missing := answer.without_wheel - self.knowledge.built.keys():
                    self.knowledge.learn_below(suspects)
                    self.knowledge.learn_releases(missing - self.knowledge.built.keys())
                if self.knowledge.built == inputs.built and best is None:
                    conflicts = self.explainer.find_conflicts(suspects, self._reach(answer))
            if self.knowledge.built == inputs.built:
                break
        return (*best, ()) if best is not None else (answer, inputs, conflicts)

    def _learn_more(self, answer: Resolved) -> bool:
        """Look for better answers than this; False when the index fell silent, which does not unmake it."""
        try:
            learn_passed_over(self.knowledge, self.task.entries, answer)
        except IndexUnreachableError:
            return False
        return True

    def _reach(self, answer: Unresolvable) -> Reach:
        """Only a walk over everything finds releases without a wheel that lines deep below ask for."""
        puzzling = answer.without_wheel - self.knowledge.built.keys() - self.task.base.keys()
        return Reach.EVERYTHING if puzzling else Reach.NEAREST

    def _suspects(self, answer: Unresolvable) -> Sequence[RequirementEntry]:
        """The entries that the resolver mentions or no index can serve; walking 300 lines takes long."""
        mentioned = set(re.findall(r"[a-z0-9][a-z0-9-]*", " ".join(answer.words)))
        entries = self.task.entries
        return [entry for entry in entries if entry.name in mentioned or self._is_absent(entry)] or entries

    def _is_absent(self, entry: RequirementEntry) -> bool:
        """Whether the index was asked for its package and has none, or not the pinned release."""
        if entry.origin is not Origin.INDEX or not self.index.knows(entry.name):
            return False
        pinned = pinned_version(entry)
        is_missing = pinned is not None and not self.index.release(entry.name, pinned)
        return is_missing or not self.index.releases(entry.name)

    def look_at_releases(self, resolved: Resolved | None) -> Iterator[Finding]:
        """What is to be said about the user's releases themselves."""
        entries = self.task.entries
        constrained = frozenset(entry.name for entry in self.task.constraints)
        yield from find_release_findings(entries, resolved, self.index, constrained)
        yield from self.explainer.find_unknown_extras(entries, resolved)

    def make_search(self, inputs: Inputs) -> FixSearch:
        """A search for other versions with which `inputs` would resolve."""
        # A proposal is never a pre-release, which uv would fall back to when no release fits.
        asked = replace(inputs, prerelease="explicit")
        decided = {entry.name for entry in self.task.constraints if pinned_version(entry) is not None}
        return FixSearch(
            self.index,
            self.knowledge,
            frozenset(decided | self.task.base.keys()),
            partial(self._resolve_lines, asked),
            partial(self._resolve_thoroughly, asked),
        )

    def _resolve_lines(self, inputs: Inputs, lines: Sequence[str], preference: Preference) -> Answer:
        """Resolve other lines, for as long as that turns up releases to learn about."""
        inputs = replace(inputs, requirements=tuple(lines), preference=preference.value)
        for _ in range(_MOST_ROUNDS):
            inputs = with_learned(inputs, self.knowledge, self.task.releases)
            seconds = max(self.knowledge.seconds_left, _LEAST_SECONDS)
            answer = resolve_briefly(self.task.packager, replace(inputs, seconds=seconds))
            if not isinstance(answer, Unresolvable) or self.knowledge.is_spent:
                break
            self.knowledge.learn_releases(answer.without_wheel - self.knowledge.built.keys())
            if self.knowledge.built == inputs.built:
                break
        return answer

    def _resolve_thoroughly(self, inputs: Inputs, lines: Sequence[str]) -> Answer:
        """Likewise, and walk over what the lines need when releases without a wheel are in the way."""
        answer = self._resolve_lines(inputs, lines, Preference.HIGHEST)
        if isinstance(answer, Unresolvable) and answer.without_wheel and not self.knowledge.is_spent:
            self.explainer.find_conflicts(
                replace(entry, requirement=Requirement(line)) if entry.origin is Origin.INDEX else entry
                for entry, line in zip(self.task.entries, lines, strict=True)
            )
            answer = self._resolve_lines(inputs, lines, Preference.HIGHEST)
        return answer


def _tell(conflicts: Sequence[Conflict], fix: Fix | None, search: FixSearch) -> tuple[Finding, ...]:
    if fix is not None:
        return tuple(explain_conflict(conflict, _which_resolve(fix)) for conflict in conflicts)
    remedy = OUT_OF_TIME if search.is_spent else NOTHING_RESOLVES
    return tuple(
        explain_conflict(conflict, remedy, search.why_none(conflict.entry)) for conflict in conflicts
    )


def _what_is_searched(conflicts: Sequence[Conflict]) -> str:
    """The verdict is known long before a fix is: who waits sees it meanwhile."""
    if not conflicts:
        return "searching the nearest versions that resolve"
    names = sorted({conflict.entry.name for conflict in conflicts})
    return f"{', '.join(names[:3])} cannot be installed; searching the nearest that can"


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
