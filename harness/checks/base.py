"""What every check is made of: rules that can be explained, and a function that returns a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.results import Severity

if TYPE_CHECKING:
    from harness.results import CheckResult


@dataclass(frozen=True)
class Rule:
    """One rule of a check. Its page, docs/rules/<id>.md, is rendered from this.

    Attributes:
        id: stable, kebab-case.
        severity: what its findings usually are.
        title: what is wrong, in one line.
        why: what happens on MWAA when it is ignored.
        fix: what to do.
        bad: an example that it finds.
        good: the example, put right.
    """

    id: str
    severity: Severity
    title: str
    why: str
    fix: str
    bad: str
    good: str


class Check(Protocol):
    """Looks at one kind of thing in a project and says what it found; never raises for the user's mistake."""

    @property
    def name(self) -> str: ...

    @property
    def rules(self) -> tuple[Rule, ...]: ...

    def run(self) -> CheckResult: ...


def render_page(rule: Rule, *, language: str = "text") -> str:
    """The rule's page, as `--explain` prints it and docs/rules/ holds it."""
    return (
        f"# {rule.id}\n\n"
        f"{rule.title} Severity: {rule.severity.value}.\n\n"
        f"## Why\n\n{rule.why}\n\n"
        f"## What to do\n\n{rule.fix}\n\n"
        f"## Example\n\nFound:\n\n```{language}\n{rule.bad}\n```\n\n"
        f"Put right:\n\n```{language}\n{rule.good}\n```\n"
    )
