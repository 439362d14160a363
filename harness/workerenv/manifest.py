"""The record of a finished environment, `environment.json` in its folder: what it holds and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_NAME = "environment.json"


@dataclass(frozen=True)
class Manifest:
    """What one environment holds.

    Attributes:
        fingerprint: name of its folder.
        python: version of its interpreter.
        interpreter: path of the interpreter it was made with.
        built_at: ISO 8601, UTC.
        packages: normalized distribution name to version, everything installed.
        airflow_version: release of Airflow; empty for a tool.
        providers: the Airflow providers among `packages`.
        requirements: the user's requirement lines.
        base: fingerprint of the base it was cloned from; empty for a base or a tool.
        changed: base packages that the user's requirements replaced, name to "old -> new".
    """

    fingerprint: str
    python: str
    interpreter: str
    built_at: str
    packages: Mapping[str, str]
    airflow_version: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    base: str = ""
    changed: Mapping[str, str] = field(default_factory=dict)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the record of the environment in `folder`.

    The file is replaced, never written into: in a clone it is at first the same file as the original's.
    """
    partial = folder / f"{MANIFEST_NAME}.partial"
    partial.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / MANIFEST_NAME)


def read_manifest(folder: Path) -> Manifest:
    """The record of the environment in `folder`.

    Raises:
        HarnessError: it is missing or damaged.
    """
    path = folder / MANIFEST_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**{**document, "requirements": tuple(document["requirements"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise HarnessError(
            f"{path} cannot be read: {error}",
            hint=f"delete {folder}; the next build makes it anew",
        ) from error
