"""`.mwaa/run/controlplane.json`: the evidence that components have their files, for whoever starts them."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.controlplane.atomic_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

READINESS_FILE = "controlplane.json"


def write_readiness(run_folder: Path, versions: Mapping[str, str], objects: int) -> None:
    """Say that the first sync is done, and what it brought."""
    document = {
        "ready": True,
        "pid": os.getpid(),
        "synced_at": datetime.now(timezone.utc).isoformat(),
        "versions": dict(versions),
        "objects": objects,
    }
    write_whole(run_folder / READINESS_FILE, json.dumps(document, indent=1) + "\n")


def withdraw_readiness(run_folder: Path) -> None:
    (run_folder / READINESS_FILE).unlink(missing_ok=True)
