"""Our verdict on a case beside what pip decided, as far as it can be compared."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from harness.checks.requirements.check import Request, check_requirements
from harness.checks.requirements.target import Target
from harness.checks.requirements.whole import VerdictKind
from harness.workerenv.packager import find_packager

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


def our_decision(name: str, cache: Path) -> Decision:
    """What the check says about a case, as of the day of the recording."""
    request = Request(
        file=HERE / "cases" / f"{name}.txt",
        root=HERE,
        dags_folder=HERE / "dags",
        plugins_folder=HERE / "plugins",
        airflow_version="2.5.1",
        cache=cache,
        packager=find_packager(os.environ),
        target=RECORDER,
        exclude_newer=load_recorded(name)["recorded"],
    )
    verdict = check_requirements(request).verdict
    if verdict is None:
        return Decision(installs=False, versions={})
    if verdict.kind is VerdictKind.SKIPPED:
        return Decision(None, {})
    return Decision(verdict.resolved is not None, {change.name: change.after for change in verdict.changes})
