"""What decides the content of a worker environment, read from the project's files, and its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.project.fingerprint import fingerprint, hash_file, hash_files
from harness.project.requirements_file import Requirements, RequirementsContext, read_requirements
from harness.workerenv.interpreters import Interpreter
from harness.workerenv.locked_environment import LockedEnvironment
from harness.workerenv.matrix import SupportRow
from harness.workerenv.shim import SHIM_SOURCE

if TYPE_CHECKING:
    from harness.config.model import Settings
    from harness.project.layout import Project

STEP = "worker environment"
# Raise it when the same inputs must give another environment.
_RECIPE = "1"
_PACKAGE_FILES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True)
class WorkerContent:
    """Everything that decides what a worker environment holds.

    Attributes:
        row: the release.
        interpreter: CPython it stands on.
        requirements_file: the user's file, for messages.
        requirements: what it asks for.
        options: MWAA configuration options, which a requirements file may refer to as variables.
    """

    row: SupportRow
    interpreter: Interpreter
    requirements_file: Path
    requirements: Requirements
    options: Mapping[str, str]

    @property
    def base(self) -> LockedEnvironment:
        """What every environment of the release starts from."""
        return LockedEnvironment(STEP, self.row.base_lock, self.interpreter)

    @property
    def fingerprint(self) -> str:
        """The name of this content."""
        asked = self.requirements
        return fingerprint(
            {
                "recipe": _RECIPE,
                "airflow": self.row.airflow_version,
                "base": self.base.fingerprint,
                "shim": hash_file(SHIM_SOURCE),
                "requirements": "\n".join(line.text for line in asked.lines),
                "constraints": "\n".join(line.text for line in asked.constraints),
                "constraint sources": "\n".join(_identity(source) for source in asked.constraint_sources),
                "included addresses": "\n".join(asked.remote_files),
                "options": "\n".join(f"{o.name} {o.value}" for o in asked.options),
                "local packages": "\n".join(_hash_local(path) for path in asked.local_packages),
            }
        )


def read_worker_content(
    project: Project, settings: Settings, row: SupportRow, interpreter: Interpreter
) -> WorkerContent:
    """What the worker environment of `project` holds by its files as they are now.

    Raises:
        UsageError: a line of the requirements file is wrong.
    """
    return WorkerContent(
        row=row,
        interpreter=interpreter,
        requirements_file=project.requirements_file,
        requirements=read_requirements(project.requirements_file, requirements_context(project, row)),
        options=settings.environment.airflow_configuration_options,
    )


def requirements_context(project: Project, row: SupportRow) -> RequirementsContext:
    """What MWAA's folders and the official constraints address stand for in `project`."""
    return RequirementsContext(
        folders={
            "/usr/local/airflow/dags": project.dags_folder,
            "/usr/local/airflow/plugins": project.plugins_folder,
            "/usr/local/airflow/requirements": project.requirements_file.parent,
        },
        carried={row.constraints_url: row.constraints_file},
    )


def _identity(source: str) -> str:
    path = Path(source)
    return hash_file(path) if path.is_absolute() else source


def _hash_local(path: Path) -> str:
    if path.is_file():
        return f"{path.name} {hash_file(path)}"
    files = [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    if not (path / "pyproject.toml").is_file() and not (path / "setup.py").is_file():
        files = [file for file in files if file.parent == path and file.name.endswith(_PACKAGE_FILES)]
    return f"{path} {hash_files(path, files)}"
