"""What a worker environment is made of, and building it: the base, the user's requirements, the shim."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.events import Notice, StepFinished, StepProgressed, StepStarted
from harness.project.fingerprint import fingerprint, hash_file, hash_files
from harness.project.requirements_file import Requirements, RequirementsContext, read_requirements
from harness.workerenv.building import Building, ensure_built
from harness.workerenv.cloning import clone_tree
from harness.workerenv.installation import apply_changes, find_culprit, install_requirements
from harness.workerenv.interpreters import Interpreter
from harness.workerenv.locked_environment import LockedEnvironment, build_locked
from harness.workerenv.manifest import Manifest, read_manifest, write_manifest
from harness.workerenv.matrix import SupportRow
from harness.workerenv.packager import Packager, find_packager
from harness.workerenv.shim import SHIM_SOURCE, install_shim
from harness.workerenv.verify import Installed, conflicts, describe, require_exactly

if TYPE_CHECKING:
    from harness.config.model import Settings
    from harness.events import EventSink
    from harness.project.layout import Project, StateFolder

STEP = "worker environment"
# Raise it when the same inputs must give another environment.
_RECIPE = "1"
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
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


def base_building(state: StateFolder) -> Building:
    """Where the bases are kept: worker environments start as copies of them."""
    return Building(state.cache / "worker-bases", "worker-base", STEP)


def build_worker(
    content: WorkerContent, state: StateFolder, folder: Path, environ: Mapping[str, str], events: EventSink
) -> None:
    """Build the environment of `content` in the new folder `folder` and verify it.

    Raises:
        HarnessError: it cannot be built, or is not what a worker may be; says why.
    """
    started = time.monotonic()
    found = content.interpreter
    events(
        StepStarted(STEP, f"Airflow {content.row.airflow_version}, CPython {found.version} ({found.origin})")
    )
    packager = find_packager(environ, _variables(content, environ))
    base = ensure_built(
        base_building(state),
        content.base.fingerprint,
        lambda target: build_locked(content.base, target, packager, events),
        events,
    )
    clone_tree(base, folder)
    manifest = _complete(content, folder, packager, events)
    write_manifest(folder, manifest)
    detail = f"{len(manifest.packages)} packages, {len(manifest.requirements)} requirements"
    events(StepFinished(STEP, detail, seconds=time.monotonic() - started))


def _complete(content: WorkerContent, folder: Path, packager: Packager, events: EventSink) -> Manifest:
    base = dict(read_manifest(folder).packages)
    expected = base
    if not content.requirements.is_empty:
        events(StepProgressed(STEP, f"installing {content.requirements_file.name}"))
        changes = install_requirements(
            packager, content.row, folder, content.requirements, content.requirements_file
        )
        expected = apply_changes(base, changes)
    install_shim(_site_packages(folder, content.row))
    events(StepProgressed(STEP, "verifying"))
    installed = describe(folder / "bin" / "python", packager.environ)
    require_exactly(expected, installed.packages)
    changed = {
        name: f"{base[name]} -> {installed.packages.get(name, 'removed')}"
        for name in base
        if installed.packages.get(name) != base[name]
    }
    _require_airflow(content, installed, changed)
    _require_consistent(content, packager, folder)
    if changed:
        listed = ", ".join(f"{name} {versions}" for name, versions in sorted(changed.items()))
        events(Notice(f"the requirements replace packages of MWAA's base: {listed}"))
    return Manifest(
        fingerprint=content.fingerprint,
        python=installed.python,
        interpreter=str(content.interpreter.path),
        built_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        packages=installed.packages,
        airflow_version=installed.packages["apache-airflow"],
        providers=installed.providers,
        requirements=tuple(line.text for line in content.requirements.lines),
        base=content.base.fingerprint,
        changed=changed,
    )


def _require_airflow(content: WorkerContent, installed: Installed, changed: Mapping[str, str]) -> None:
    wanted, have = content.row.airflow_version, installed.packages.get("apache-airflow")
    if have == wanted:
        return
    lines = content.requirements.lines
    raise HarnessError(
        f"the requirements replace apache-airflow {wanted} by {have or 'nothing'}, which destroys the "
        "environment on MWAA",
        location=find_culprit(("apache-airflow",), lines) or find_culprit(tuple(changed), lines),
        hint=f'begin the file with --constraint "{content.row.constraints_url}"',
        evidence=tuple(f"{name} {versions}" for name, versions in sorted(changed.items())),
    )


def _require_consistent(content: WorkerContent, packager: Packager, folder: Path) -> None:
    if found := conflicts(packager, folder / "bin" / "python"):
        raise HarnessError(
            "the requirements install, but break packages that are already there: pip on MWAA would say so "
            "and leave the environment broken",
            location=find_culprit(found, content.requirements.lines),
            hint=f'begin the file with --constraint "{content.row.constraints_url}", or choose versions that '
            "agree",
            evidence=found,
        )


def _variables(content: WorkerContent, environ: Mapping[str, str]) -> dict[str, str]:
    """Values for `${NAME}` in the requirements: of configuration options as on MWAA, else of the shell."""
    asked = content.requirements
    texts = (*(line.text for line in asked.lines), *(option.value for option in asked.options))
    named = {name for text in texts for name in _VARIABLE.findall(text)}
    configured = {
        f"AIRFLOW__{key.replace('.', '__', 1).upper()}": value for key, value in content.options.items()
    }
    known = {**environ, **configured}
    return {name: known[name] for name in named if name in known}


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


def _site_packages(folder: Path, row: SupportRow) -> Path:
    return folder / "lib" / f"python{row.python_series}" / "site-packages"
