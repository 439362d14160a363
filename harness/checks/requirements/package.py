"""An installation without a network: wheels in plugins.zip, an offline requirements file, and the proof."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.checks.requirements.lock import render_offline
from harness.checks.requirements.whole import make_index, pick_file
from harness.errors import HarnessError
from harness.events import StepFinished, StepStarted
from harness.process import CommandError, capture
from harness.project.plugins_archive import build_plugins_archive
from harness.workerenv.building import ensure_built
from harness.workerenv.cloning import clone_tree
from harness.workerenv.store import worker_building, worker_content
from harness.workerenv.worker import build_worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.checks.requirements.check import Request
    from harness.checks.requirements.resolution import ResolvedFile
    from harness.checks.requirements.whole import Verdict
    from harness.config.model import Settings
    from harness.events import EventSink
    from harness.project.layout import Project
    from harness.workerenv.packager import Packager

_MOUNTED = "/usr/local/airflow/plugins"
_SECONDS = 900.0
_NO_NETWORK = ("unshare", "--net", "--map-root-user")
_DEAD_PROXY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Package:
    """What to upload: `plugins.zip` and `requirements.txt`; the wheels that went into the archive."""

    plugins: Path
    requirements: Path
    wheels: tuple[str, ...]


def choose_wheels(verdict: Verdict, request: Request) -> tuple[ResolvedFile, ...]:
    """The wheels of everything that MWAA does not have yet.

    Raises:
        HarnessError: a package has no wheel for the target.
    """
    resolved = verdict.resolved
    if resolved is None:
        raise HarnessError(
            "the requirements do not resolve, so there is nothing to package",
            hint="mwaa-harness check requirements says why",
        )
    chosen, missing = [], []
    for change in verdict.changes:
        file = pick_file(resolved.packages[change.name], request.target)
        if file is not None and file.name.endswith(".whl"):
            chosen.append(file)
        else:
            missing.append(f"{change.name}=={change.after}")
    if missing:
        raise HarnessError(
            f"no wheel for MWAA's platform: {', '.join(missing)}",
            hint="take a version that has one, or build it on CPython 3.10 and x86-64 Linux into plugins/",
        )
    return tuple(chosen)


def package(
    request: Request, verdict: Verdict, packager: Packager, folder: Path, events: EventSink
) -> Package:
    """Write plugins.zip and requirements.txt into `folder`.

    Raises:
        HarnessError: a wheel is missing, cannot be downloaded or is not what the index promised.
    """
    files = choose_wheels(verdict, request)
    events(StepStarted("wheels", f"{len(files)} to download"))
    index = make_index(packager, {}, request.cache)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="mwaa-package-") as name:
        staging = _stage(request.plugins_folder, name)
        for file in files:
            data = index.fetch(file.url)
            if file.sha256 and hashlib.sha256(data).hexdigest() != file.sha256:
                raise HarnessError(f"{file.name} is not the file that the index promised: its hash differs")
            (staging / file.name).write_bytes(data)
        archive = build_plugins_archive(staging)
    plugins, requirements = folder / "plugins.zip", folder / "requirements.txt"
    plugins.write_bytes(archive if archive is not None else _empty_archive(folder))
    pins = [f"{change.name}=={change.after}" for change in verdict.changes]
    requirements.write_text(render_offline(pins), encoding="utf-8")
    events(StepFinished("wheels", f"{len(files)} in {plugins.name}"))
    return Package(plugins, requirements, tuple(file.name for file in files))


def _stage(plugins: Path, name: str) -> Path:
    staging = Path(name) / "plugins"
    if plugins.is_dir():
        shutil.copytree(plugins, staging, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    staging.mkdir(exist_ok=True)
    return staging


def _empty_archive(folder: Path) -> bytes:
    path = folder / "empty.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    data = path.read_bytes()
    path.unlink()
    return data


def prove(
    made: Package, project: Project, settings: Settings, environ: Mapping[str, str], events: EventSink
) -> str:
    """Install the package into a copy of the base environment with the network cut; how it was cut.

    Raises:
        HarnessError: it does not install.
    """
    events(StepStarted("proof", "pip, without a network"))
    base = _base_environment(project, settings, environ, events)
    with TemporaryDirectory(prefix="mwaa-proof-", dir=project.state.root) as name:
        folder = project.state.root / name
        clone_tree(base, folder / "env")
        with zipfile.ZipFile(made.plugins) as archive:
            archive.extractall(folder / "plugins")  # our own archive, written a moment ago
        text = made.requirements.read_text(encoding="utf-8").replace(_MOUNTED, str(folder / "plugins"))
        (folder / "requirements.txt").write_text(text, encoding="utf-8")
        python = folder / "env" / "bin" / "python"
        command = (python, "-I", "-m", "pip", "install", "--no-input", "-r", folder / "requirements.txt")
        cut = _NO_NETWORK if _can_cut(environ) else ()
        variables = {
            **environ,
            "HTTPS_PROXY": _DEAD_PROXY,
            "HTTP_PROXY": _DEAD_PROXY,
            "PIP_CONFIG_FILE": "/dev/null",
        }
        done = capture((*cut, *command), env=variables, timeout=_SECONDS)
        if done.exit_status != 0:
            raise HarnessError(
                "the package does not install offline", evidence=tuple(done.stderr.splitlines()[-20:])
            )
    how = "in a network namespace without interfaces" if cut else "with every address refused"
    events(StepFinished("proof", f"pip installed it {how}"))
    return how


def _can_cut(environ: Mapping[str, str]) -> bool:
    try:
        return capture((*_NO_NETWORK, "true"), env=environ, timeout=10).exit_status == 0
    except CommandError:
        return False


def _base_environment(
    project: Project, settings: Settings, environ: Mapping[str, str], events: EventSink
) -> Path:
    """A worker environment without the user's requirements, built once."""
    bare = replace(
        project,
        requirements_file=project.state.root / "no-requirements.txt",
        plugins_folder=project.state.root / "no-plugins",
    )
    content = worker_content(bare, settings, environ, events)

    def build(folder: Path) -> None:
        build_worker(content, project.state, folder, environ, events)

    return ensure_built(worker_building(project.state), content.fingerprint, build, events)
