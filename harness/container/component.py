"""A scheduler, worker, web server or triggerer: its files, its requirements, then Airflow itself."""

from __future__ import annotations

import hashlib
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import process
from harness.container.launching import become, run_beside
from harness.errors import HarnessError
from harness.runtime.compose import places
from harness.runtime.compose.board import Board
from harness.runtime.compose.facts import ROLES
from harness.runtime.compose.situation import INPUTS
from harness.runtime.plan import KEEP_ROLES
from harness.runtime.services import Role
from harness.waiting import Answer, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from typing import NoReturn

    from harness.runtime.compose.situation import Situation

_log = logging.getLogger(__name__)

_AWAIT_FILES = 600.0
_INSTALL_SECONDS = 600.0  # MWAA stops an installation after about ten minutes
_REQUIREMENTS = places.AIRFLOW_HOME / "requirements" / "requirements.txt"


def run_component(situation: Situation, role: Role) -> NoReturn:
    """Become the component; the launcher runs the startup script before it."""
    clean_up_after_earlier_start()
    run_beside(role)
    wait_until(_look_for_artefacts, subject="the source bucket", seconds=_AWAIT_FILES, interval=0.1)
    ensure_requirements(_REQUIREMENTS, places.BAKED_REQUIREMENTS)
    spec = situation.launch_spec(role)
    if role is Role.WEBSERVER and knows_roles(situation):
        spec = replace(spec, environment={**spec.environment, **KEEP_ROLES})
    become(spec)


def knows_roles(situation: Situation) -> bool:
    """Whether a web server that was started with the same inputs was ready before, on these data."""
    inputs = situation.environ.get(INPUTS)
    board = Board(situation.endpoints.database_dsn)
    try:
        return bool(inputs) and board.fact(ROLES) == inputs
    except HarnessError:
        return False
    finally:
        board.close()


def clean_up_after_earlier_start() -> None:
    """A container that was started again still holds what its last process left."""
    for mark in (places.GO_FILE, places.EVIDENCE, places.ARTEFACTS_MARK):
        mark.unlink(missing_ok=True)
    for stale in (*places.AIRFLOW_HOME.glob("*.pid"), places.AIRFLOW_HOME / "worker-ready.json"):
        stale.unlink(missing_ok=True)


def ensure_requirements(requirements: Path, baked: Path) -> None:
    """Install the requirements unless the image was built with them.

    Raises:
        HarnessError: they cannot be installed; the environment does not start, as on MWAA.
    """
    wanted = requirements.read_bytes() if requirements.is_file() else b""
    has_lines = any(line.split(b"#")[0].strip() for line in wanted.splitlines())
    known = baked.read_text(encoding="ascii").strip() if baked.is_file() else ""
    if not has_lines or hashlib.sha256(wanted).hexdigest() == known:
        return
    _log.warning("the image holds other requirements: installing those of the source bucket")
    command: list[str | Path] = [
        Path(sys.executable).with_name("uv"),
        *("pip", "install", "--python", places.WORKER_ENVIRONMENT / "bin" / "python"),
        *("--requirement", requirements),
    ]
    try:
        process.check(command, timeout=_INSTALL_SECONDS)
    except process.CommandError as error:
        raise HarnessError(
            "the requirements cannot be installed",
            hint="build an image that holds them: make images",
            evidence=error.evidence,
        ) from error


def _look_for_artefacts() -> Answer:
    if places.ARTEFACTS_MARK.exists():
        return Ready("the files are there")
    return NotYet("the control plane has not published the project yet")
