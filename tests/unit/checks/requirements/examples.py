"""The examples below tests/examples/, run as the check runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.checks.requirements.check import Request, check_requirements
from harness.workerenv.packager import find_packager

if TYPE_CHECKING:
    from harness.results import CheckResult

ROOT = Path(__file__).resolve().parents[3] / "examples"


@dataclass(frozen=True)
class Example:
    """One directory: a project with a requirements file, and what it says about itself in case.json."""

    folder: Path

    @property
    def rule(self) -> str:
        return self.folder.name.removeprefix("requirements-")

    @property
    def case(self) -> dict[str, Any]:
        file = self.folder / "case.json"
        case: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        return case

    @property
    def needs_network(self) -> bool:
        return bool(self.case.get("network"))

    def run(self, cache: Path) -> CheckResult:
        """Check it; without an index unless it says that it needs one."""
        request = Request(
            file=self.folder / "requirements" / "requirements.txt",
            root=self.folder,
            dags_folder=self.folder / "dags",
            plugins_folder=self.folder / "plugins",
            airflow_version="2.5.1",
            cache=cache,
            packager=find_packager(os.environ) if self.needs_network else None,
            patience_seconds=300,
            is_private=bool(self.case.get("private")),
        )
        return check_requirements(request).result


def examples(kind: str, *, network: bool) -> list[Example]:
    """The examples of a kind, "valid" or "invalid"."""
    found = (Example(folder) for folder in sorted((ROOT / kind).glob("requirements-*")))
    return [example for example in found if example.needs_network is network]


def summarize(result: CheckResult, folder: Path) -> list[str]:
    """Findings as lines to compare: file:line:column rule."""
    lines = []
    for finding in result.findings:
        location = finding.location
        place = ""
        if location is not None:
            path = location.path
            name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
            place = f"{name}:{location.line or '-'}:{location.column or '-'} "
        lines.append(f"{place}{finding.rule}")
    return sorted(lines)
