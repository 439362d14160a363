"""`env`: the worker environments of the project."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.cli.quantities import describe_bytes
from harness.errors import ExitStatus, HarnessError
from harness.workerenv.inventory import list_worker_environments, prune_worker_environments
from harness.workerenv.manifest import read_manifest
from harness.workerenv.store import current_worker_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.cli.answer_format import AnswerFormat
    from harness.cli.invocation import Invocation
    from harness.project.layout import StateFolder
    from harness.workerenv.manifest import Manifest

_SHORT = 12


def build_environment(invocation: Invocation) -> int:
    """Build the worker environment for the project as it is now, and print its folder."""
    environment = invocation.open_environment()
    environment.require_inputs()
    with invocation.console.progress() as events:
        worker = environment.ensure_worker_environment(events)
    invocation.console.data(str(worker.path))
    return ExitStatus.SUCCESS


def show_environment(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print what the current worker environment holds."""
    state = invocation.state
    current = current_worker_environment(state)
    if current is None:
        raise HarnessError(
            "this project has no worker environment yet", hint="build it: mwaa-harness env build"
        )
    manifest = read_manifest(current.path)
    console = invocation.console
    if answer.is_json:
        console.json({"path": str(current.path), **asdict(manifest)})
        return ExitStatus.SUCCESS
    for line in _description(current.path, manifest):
        console.data(line)
    return ExitStatus.SUCCESS


def list_environments(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print one line per worker environment."""
    entries = list(_entries(invocation.state))
    console = invocation.console
    if answer.is_json:
        console.json(entries)
    elif entries:
        rows = [
            (
                entry["fingerprint"][:_SHORT],
                "current" if entry["current"] else "-",
                entry["airflow_version"],
                entry["python"],
                str(entry["packages"]),
                describe_bytes(entry["size_bytes"]),
                entry["built_at"],
            )
            for entry in entries
        ]
        console.table(("environment", "use", "airflow", "python", "packages", "size", "built"), rows)
    else:
        console.say("this project has no worker environment yet; build it: mwaa-harness env build")
    return ExitStatus.SUCCESS


def prune_environments(invocation: Invocation) -> int:
    """Remove every worker environment that is neither current nor in use by running services."""
    state = invocation.state
    in_use = _used_by_services(state)
    sizes = {entry.path: _size(entry.path) for entry in list_worker_environments(state)}
    with invocation.console.progress() as events:
        removed = prune_worker_environments(state, in_use, events)
    freed = describe_bytes(sum(sizes[path] for path in removed))
    invocation.console.say(f"removed {len(removed)} of {len(sizes)} worker environments, {freed} freed")
    return ExitStatus.SUCCESS


def _used_by_services(state: StateFolder) -> tuple[Path, ...]:
    from harness.runtime.state import StateError, read_state

    try:
        running = read_state(state)
    except StateError as error:
        message = f"the state of the environment cannot be read, so it is not known what is in use: {error}"
        raise HarnessError(message, hint="mwaa-harness down, then up, puts that right") from error
    return () if running is None else (running.worker_environment,)


def _entries(state: StateFolder) -> Iterator[dict[str, Any]]:
    for entry in list_worker_environments(state):
        yield {
            "fingerprint": entry.path.name,
            "path": str(entry.path),
            "current": entry.is_current,
            "airflow_version": entry.manifest.airflow_version,
            "python": entry.manifest.python,
            "packages": len(entry.manifest.packages),
            "size_bytes": _size(entry.path),
            "built_at": entry.manifest.built_at,
        }


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _description(path: Path, manifest: Manifest) -> Iterator[str]:
    yield f"folder        {path}"
    yield f"airflow       {manifest.airflow_version}"
    yield f"python        {manifest.python} (made with {manifest.interpreter})"
    yield f"built         {manifest.built_at}"
    yield f"packages      {len(manifest.packages)}, of which {len(manifest.providers)} are providers"
    if manifest.requirements:
        yield "requirements"
        yield from (f"  {line}" for line in manifest.requirements)
    if manifest.changed:
        yield "changed by the requirements (MWAA's own version -> now)"
        yield from (f"  {name}  {change}" for name, change in sorted(manifest.changed.items()))
    yield "providers"
    yield from (f"  {name}  {version}" for name, version in sorted(manifest.providers.items()))
