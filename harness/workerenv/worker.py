"""Building a worker environment and judging it: the base, the user's requirements, the shim."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.events import Notice, StepFinished, StepProgressed, StepStarted
from harness.workerenv.building import Building, ensure_built
from harness.workerenv.cloning import clone_tree
from harness.workerenv.installation import apply_changes, find_culprit, install_requirements
from harness.workerenv.locked_environment import build_locked
from harness.workerenv.manifest import Manifest, read_manifest, write_manifest
from harness.workerenv.packager import Packager, find_packager
from harness.workerenv.shim import install_shim
from harness.workerenv.verify import Installed, conflicts, describe, require_exactly
from harness.workerenv.worker_content import STEP, WorkerContent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.events import EventSink
    from harness.project.layout import StateFolder
    from harness.project.requirements_file import Requirements
    from harness.workerenv.matrix import SupportRow

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


def base_building(state: StateFolder) -> Building:
    """Where the bases are kept: worker environments start as copies of them."""
    return Building(state.cache / "worker-bases", "worker-base", STEP)


def ensure_base(content: WorkerContent, state: StateFolder, packager: Packager, events: EventSink) -> Path:
    """The folder of the base of `content`: MWAA's packages alone; built if needed.

    Raises:
        HarnessError: it cannot be built; says why.
    """
    return ensure_built(
        base_building(state),
        content.base.fingerprint,
        lambda target: build_locked(content.base, target, packager, events),
        events,
    )


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
    variables = requirement_variables(content.requirements, content.options, environ)
    packager = find_packager(environ, variables)
    clone_tree(ensure_base(content, state, packager, events), folder)
    manifest = _complete(content, folder, packager, events)
    write_manifest(folder, manifest)
    detail = f"{len(manifest.packages)} packages, {len(manifest.requirements)} requirements"
    events(StepFinished(STEP, detail, seconds=time.monotonic() - started))


def _complete(content: WorkerContent, folder: Path, packager: Packager, events: EventSink) -> Manifest:
    base = dict(read_manifest(folder).packages)
    installed, changed = install_and_judge(content, folder, packager, base, events)
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


def install_and_judge(
    content: WorkerContent, folder: Path, packager: Packager, base: Mapping[str, str], events: EventSink
) -> tuple[Installed, Mapping[str, str]]:
    """Install the requirements of `content` on top of the `base` packages in `folder`, and the shim.

    Returns:
        What the environment holds, and the base packages that changed, name to "old -> new".

    Raises:
        HarnessError: they cannot be installed, or the result is not what a worker may be.
    """
    expected: Mapping[str, str] = base
    if not content.requirements.is_empty:
        events(StepProgressed(STEP, f"installing {content.requirements_file.name}"))
        changes = install_requirements(
            packager, content.row, folder, content.requirements, content.requirements_file
        )
        expected = apply_changes(dict(base), changes)
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
    return installed, changed


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


def requirement_variables(
    asked: Requirements, options: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Values for `${NAME}` in the requirements: of configuration options as on MWAA, else of the shell."""
    texts = (*(line.text for line in asked.lines), *(option.value for option in asked.options))
    named = {name for text in texts for name in _VARIABLE.findall(text)}
    configured = {f"AIRFLOW__{key.replace('.', '__', 1).upper()}": value for key, value in options.items()}
    known = {**environ, **configured}
    return {name: known[name] for name in named if name in known}


def _site_packages(folder: Path, row: SupportRow) -> Path:
    return folder / "lib" / f"python{row.python_series}" / "site-packages"
