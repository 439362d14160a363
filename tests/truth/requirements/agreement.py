"""Our verdict on a case beside what pip decided, as far as it can be compared."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from harness.checks.requirements.check import Request, check_requirements
from harness.checks.requirements.target import Target
from harness.checks.requirements.whole import VerdictKind
from harness.results import Severity
from harness.workerenv.packager import Packager, find_packager

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 4
HERE = Path(__file__).resolve().parent
RECORDER = Target(glibc_minor=36, uv_platform="x86_64-manylinux_2_36")
"""The machine that the recordings were made on; MWAA's glibc is older and takes fewer wheels."""


@dataclass(frozen=True)
class Decision:
    """Whether it installs, and every package that is added or replaced. None: it could not be decided."""

    installs: bool | None
    versions: dict[str, str]


def load_recorded(name: str) -> dict[str, Any]:
    """pip's answer on a case, as recorded."""
    document: dict[str, Any] = json.loads((HERE / "recorded" / f"{name}.json").read_text("utf-8"))
    return document


def pip_decision(recorded: dict[str, Any]) -> Decision:
    """The recorded answer in comparable form."""
    versions = {str(canonicalize_name(name)): str(version) for name, version in recorded["installs"].items()}
    decided = {"installs": True, "fails": False}.get(recorded["verdict"])
    return Decision(decided, versions)


def index_alone() -> Packager:
    """uv with the index alone: a folder of wheels says no upload times, and we judge as of a day."""
    packager = find_packager(os.environ)
    local = ("UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_STRATEGY")
    environ = {name: value for name, value in packager.environ.items() if name not in local}
    return Packager(packager.program, environ)


def our_decisions(names: Sequence[str], cache: Path) -> dict[str, Decision]:
    """What the check says about several cases. Most of the time is waiting for the index: four at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(names, pool.map(lambda name: our_decision(name, cache), names), strict=True))


def our_decision(name: str, cache: Path) -> Decision:
    """What the check says about a case, as of the day of the recording."""
    request = Request(
        file=HERE / "cases" / f"{name}.txt",
        root=HERE,
        dags_folder=HERE / "dags",
        plugins_folder=HERE / "plugins",
        airflow_version="2.5.1",
        cache=cache,
        packager=index_alone(),
        target=RECORDER,
        exclude_newer=load_recorded(name)["recorded"],
        patience_seconds=300,
    )
    checked = check_requirements(request)
    verdict = checked.verdict
    if verdict is None:
        return Decision(installs=not checked.result.count(Severity.ERROR), versions={})
    if verdict.kind is VerdictKind.SKIPPED:
        return Decision(None, {})
    installs = verdict.kind is VerdictKind.RESOLVED
    return Decision(installs, {change.name: change.after for change in verdict.changes})
