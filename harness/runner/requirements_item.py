"""`--mwaa-requirements`: the requirements check as one more test of a pytest run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.checks.requirements.check import Request, check_requirements
from harness.config.load import load_settings
from harness.project.layout import locate_project
from harness.results import Outcome, Severity
from harness.workerenv.packager import find_packager

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.results import CheckResult


class RequirementsFailedError(Exception):
    """The check found errors; its text is the report."""


class RequirementsItem(pytest.Item):
    """Fails with the errors that the check finds; skips when the index could not be asked."""

    request: Request

    def runtest(self) -> None:
        """Check the file."""
        result = check_requirements(self.request).result
        if result.outcome is Outcome.FAILED:
            raise RequirementsFailedError("\n".join(_describe(result)))
        if result.outcome is Outcome.SKIPPED:
            pytest.skip("; ".join(f"{skipped.what}: {skipped.why}" for skipped in result.skipped))

    def repr_failure(  # type: ignore[override]  # as pytest's own documentation has it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> object:
        """The report instead of a traceback."""
        if isinstance(excinfo.value, RequirementsFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item is and what it is called."""
        return self.request.file, None, "requirements"


def _describe(result: CheckResult) -> list[str]:
    lines = []
    for finding in result.findings:
        if finding.severity is Severity.ERROR:
            lines.append(f"{finding.location}: {finding.message} [{finding.rule}]")
            lines += [f"  {detail}" for detail in finding.details]
            lines += [f"  hint: {finding.hint}"] if finding.hint else []
    return lines


class RequirementsSession:
    """Adds the item to what was collected."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        settings = load_settings(root, environ, {}).settings
        project = locate_project(root, settings.local)
        self._request = Request(
            file=project.requirements_file,
            root=root,
            dags_folder=project.dags_folder,
            plugins_folder=project.plugins_folder,
            airflow_version=settings.environment.airflow_version,
            cache=project.state.cache / "requirements" / "index",
            packager=find_packager(environ),
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Append the item when the project has a requirements file."""
        if self._request.file.is_file():
            item = RequirementsItem.from_parent(session, name=self._request.file.name)
            item.request = self._request
            items.append(item)
