"""What an installation would change: installed set before and after, pure comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.checks.requirements.findings import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.checks.requirements.base_set import InstalledPackage
    from harness.checks.requirements.findings import Place
    from harness.checks.requirements.resolution import ResolvedPackage
    from harness.checks.requirements.target import Target
    from harness.results import Finding

# What newer MWAA images protect themselves (MWAA facts 4.2), and what the broker and the database need.
ESSENTIAL = frozenset(
    (
        *("celery", "kombu", "billiard", "vine", "amqp", "sqlalchemy", "alembic", "statsd", "watchtower"),
        *("flask", "flask-appbuilder", "flask-login", "flask-session", "flask-sqlalchemy", "flask-wtf"),
        *("flask-babel", "flask-caching", "flask-jwt-extended", "flask-limiter", "gunicorn", "werkzeug"),
        *("connexion", "psycopg2-binary", "pycurl", "pendulum"),
    )
)
_AWS_SDK = frozenset(("boto3", "botocore"))
_PROVIDER = "apache-airflow-providers-"


@dataclass(frozen=True)
class Change:
    """One package that the installation adds (`before` is empty) or replaces."""

    name: str
    before: str
    after: str

    @property
    def is_replacement(self) -> bool:
        return bool(self.before)


def compare(
    base: Mapping[str, InstalledPackage], resolved: Mapping[str, ResolvedPackage]
) -> tuple[Change, ...]:
    """Everything that would be installed, by name."""
    changes = (
        Change(name, base[name].version if name in base else "", package.version)
        for name, package in sorted(resolved.items())
    )
    return tuple(change for change in changes if not _same(change.before, change.after))


def _same(before: str, after: str) -> bool:
    try:
        return bool(before) and Version(before) == Version(after)
    except InvalidVersion:
        return before == after


def find_change_findings(
    changes: tuple[Change, ...], place_of: Callable[[str], Place | None]
) -> Iterator[Finding]:
    """One finding per replaced package, as bad as the package is important."""
    for change in changes:
        if change.is_replacement:
            message = f"{change.name} {change.before} → {change.after}"
            yield finding(_rule(change), message, place_of(change.name))


def _rule(change: Change) -> str:
    if change.name == "apache-airflow":
        return "changes-airflow"
    if change.name in ESSENTIAL:
        return "changes-essential-package"
    if change.name in _AWS_SDK:
        return "changes-aws-sdk"
    if change.name.startswith(_PROVIDER) and _major(change.before) != _major(change.after):
        return "changes-provider-major"
    return "changes-installed-package"


def _major(version: str) -> int:
    return Version(version).major


def find_broken_packages(
    base: Mapping[str, InstalledPackage],
    changes: tuple[Change, ...],
    target: Target,
    place_of: Callable[[str], Place | None],
) -> Iterator[Finding]:
    """Installed packages that stay, and whose requirements the changed ones no longer meet."""
    after = {change.name: change.after for change in changes if change.is_replacement}
    for name, package in base.items():
        if name in after:
            continue
        for text in package.requires:
            needed = Requirement(text)
            changed = after.get(canonicalize_name(needed.name))
            if changed is None or (needed.marker and not needed.marker.evaluate(target.marker_environment)):
                continue
            if not needed.specifier.contains(changed, prereleases=True):
                message = (
                    f"{name} {package.version} needs {needed.name}{needed.specifier}, would find {changed}"
                )
                yield finding("breaks-installed-package", message, place_of(canonicalize_name(needed.name)))
