"""Reports of unexpected errors: what a maintainer needs, with no secret in it."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.error_text import known_secrets, mask_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.project.layout import StateFolder

_DISTRIBUTIONS = ("mwaa-harness", "click", "supervisor", "uv", "boto3", "psycopg", "pytest")


def write_report(error: BaseException, arguments: Sequence[str], state: StateFolder) -> Path | None:
    """Write a report of `error` below the state folder, else below the temporary folder; where it is."""
    secrets = known_secrets(state)
    text = mask_secrets(_report(error, arguments), secrets)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1_000_000:06}.txt"
    for folder in (state.reports, Path(tempfile.gettempdir()) / "mwaa-harness-reports"):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return path
    return None


def _report(error: BaseException, arguments: Sequence[str]) -> str:
    versions = [f"{name} {_version(name)}" for name in _DISTRIBUTIONS]
    return "\n".join(
        [
            "mwaa-harness: unexpected error",
            f"time: {time.strftime('%Y-%m-%d %H:%M:%S %z')}",
            f"command: mwaa-harness {' '.join(arguments)}",
            f"python: {sys.version.replace(chr(10), ' ')} at {sys.executable}",
            f"platform: {platform.platform()}",
            f"versions: {', '.join(versions)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
