"""How the processes of an environment are recognised, whoever their parent is: by variables they carry."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

INSTANCE = "MWAA_HARNESS_INSTANCE"
SERVICE = "MWAA_HARNESS_SERVICE"
SUPERVISOR = "supervisor"


def instance_of(project_root: Path) -> str:
    """The stable name of the environment of the project in `project_root`."""
    return hashlib.sha256(str(project_root.resolve()).encode()).hexdigest()[:12]


def mark(instance: str, service: str) -> dict[str, str]:
    """The variables that make a process recognisable.

    SPT_NOENV keeps setproctitle (Celery, gunicorn) from overwriting what the system shows of them.
    """
    return {INSTANCE: instance, SERVICE: service, "SPT_NOENV": "1"}


def find_marked(instance: str) -> Iterator[tuple[psutil.Process, str]]:
    """Every live process of the environment `instance`, with the service it belongs to."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            variables = process.environ()
            if variables.get(INSTANCE) == instance and process.status() != psutil.STATUS_ZOMBIE:
                yield process, variables.get(SERVICE, "")


def find_inside(folder: Path) -> Iterator[psutil.Process]:
    """Every live process whose working directory is `folder` (PostgreSQL's backends hide their variables)."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.cwd() == str(folder):
                yield process


def signal_all(processes: Iterable[psutil.Process], number: int) -> None:
    """Send signal `number` to every process that is still there."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
