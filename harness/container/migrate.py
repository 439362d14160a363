"""The one-shot service `migrate`: an empty database becomes one that Airflow can start with."""

from __future__ import annotations

import hashlib
import logging
import secrets
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import process
from harness.container.launching import run_launcher
from harness.errors import HarnessError
from harness.runtime.compose import places
from harness.runtime.compose.board import Board, BoardMissingError, BoardUnreachableError
from harness.runtime.compose.facts import MIGRATED
from harness.runtime.compose.situation import Situation, make_situation
from harness.runtime.home_binding import INSIDE_FOLDER
from harness.waiting import Answer, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config.model import Settings
    from harness.runtime.secrets import EnvironmentSecrets

_log = logging.getLogger(__name__)

_PROGRAM = "prepare_database.py"
_AWAIT_DATABASE = 120.0
_SECONDS = 300.0


def migrate(settings: Settings, given: EnvironmentSecrets, environ: Mapping[str, str]) -> int:
    """Fill the database unless it is filled; secrets that were not given are made now. The exit status."""
    situation = make_situation(settings, given, environ)
    board = Board(situation.endpoints.database_dsn)
    wait_until(lambda: _prepare(board), subject="PostgreSQL", seconds=_AWAIT_DATABASE, interval=0.2)
    board.forget()
    kept = board.secrets(given)
    complete = complete_secrets(kept)
    board.keep_secrets(complete)
    wanted = f"{settings.environment.airflow_version} {_digest()}"
    if board.fact(MIGRATED) == wanted:
        _log.info("the database is prepared for Airflow %s", settings.environment.airflow_version)
        return 0
    _log.info("preparing the database for Airflow %s", settings.environment.airflow_version)
    _fill(make_situation(settings, complete, environ))
    board.note(MIGRATED, wanted)
    _log.info("the database is prepared")
    return 0


def complete_secrets(known: EnvironmentSecrets) -> EnvironmentSecrets:
    """`known` with fresh values where it has none."""
    return replace(
        known,
        fernet_key=known.fernet_key or urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        webserver_secret_key=known.webserver_secret_key or secrets.token_hex(32),
        admin_password=known.admin_password or secrets.token_urlsafe(12),
    )


def _prepare(board: Board) -> Answer:
    try:
        board.prepare()
    except (BoardUnreachableError, BoardMissingError) as error:
        return NotYet(error.message)
    return Ready("answers")


def _fill(situation: Situation) -> None:
    command = (str(places.WORKER_ENVIRONMENT / "bin" / "python"), str(INSIDE_FOLDER / _PROGRAM))
    try:
        run_launcher(
            situation.command_spec("migrate", command),
            stdin=situation.secrets.admin_password,
            timeout=_SECONDS,
        )
    except process.CommandError as error:
        raise HarnessError("the metadata database could not be prepared", evidence=error.evidence) from error


def _digest() -> str:
    return hashlib.sha256((INSIDE_FOLDER / _PROGRAM).read_bytes()).hexdigest()[:16]
