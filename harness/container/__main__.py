"""`python -m harness.container ROLE`, `… airflow ARGUMENT...`, `… password`: see docker/entrypoint."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from harness.config.load import load_settings
from harness.errors import HarnessError
from harness.runtime.compose import places
from harness.runtime.compose.situation import (
    ADMIN_PASSWORD,
    DATABASE_PASSWORD,
    FERNET_KEY,
    WEBSERVER_SECRET_KEY,
    make_situation,
)
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.config.model import Settings
    from harness.runtime.compose.situation import Situation

_AWAIT_DATABASE = 600.0


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Do what the container is for; returns only when it does not become something else."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    try:
        return _run(arguments, environ)
    except HarnessError as error:
        for line in (*error.evidence, f"error: {error}", *([f"hint: {error.hint}"] if error.hint else [])):
            sys.stderr.write(f"{line}\n")
        return int(error.exit_status)


def _run(arguments: list[str], environ: Mapping[str, str]) -> int:
    word, *rest = arguments or [""]
    settings = load_settings(places.SETTINGS, {}, {}).settings
    given = _given_secrets(environ)
    if word == "migrate":
        from harness.container.migrate import migrate

        return migrate(settings, given, environ)
    if word not in _WORDS:
        sys.stderr.write(f"usage: /entrypoint {'|'.join(('migrate', *_WORDS))}\n")
        return 2
    return _WORDS[word](_await_situation(settings, given, environ), rest)


def _component(role: Role) -> Callable[[Situation, Sequence[str]], int]:
    def run(situation: Situation, _: Sequence[str]) -> int:
        from harness.container.component import run_component

        run_component(situation, role)

    return run


def _control_plane(situation: Situation, _: Sequence[str]) -> int:
    from harness.container.control_plane import run_control_plane

    return run_control_plane(situation)


def _companion(situation: Situation, rest: Sequence[str]) -> int:
    from harness.container.companion import Companion

    Companion(situation, Role(rest[0])).run()
    return 1


def _airflow(situation: Situation, rest: Sequence[str]) -> int:
    from harness.container.launching import become

    program = str(places.WORKER_ENVIRONMENT / "bin" / "airflow")
    become(situation.command_spec("airflow", (program, *rest)))


def _password(situation: Situation, _: Sequence[str]) -> int:
    sys.stdout.write(f"{situation.endpoints.username} {situation.endpoints.password}\n")
    return 0


_WORDS: Mapping[str, Callable[[Situation, Sequence[str]], int]] = {
    "controlplane": _control_plane,
    "scheduler": _component(Role.SCHEDULER),
    "worker": _component(Role.WORKER),
    "webserver": _component(Role.WEBSERVER),
    "triggerer": _component(Role.TRIGGERER),
    "companion": _companion,
    "airflow": _airflow,
    "password": _password,
}


def _await_situation(settings: Settings, given: EnvironmentSecrets, environ: Mapping[str, str]) -> Situation:
    """The situation with all secrets; those that nobody gave are in the database once it is prepared."""
    if given.fernet_key and given.webserver_secret_key and given.admin_password:
        return make_situation(settings, given, environ)
    from harness.runtime.compose.board import Board
    from harness.waiting import Answer, NotYet, Ready, wait_until

    board = Board(make_situation(settings, given, environ).endpoints.database_dsn)
    found: list[EnvironmentSecrets] = []

    def look() -> Answer:
        try:
            secrets = board.secrets(given)
        except HarnessError as error:
            return NotYet(error.message)
        if not secrets.fernet_key:
            return NotYet("the service migrate has not run yet")
        found.append(secrets)
        return Ready("the secrets are there")

    wait_until(look, subject="the database", seconds=_AWAIT_DATABASE, interval=0.2)
    board.close()
    return make_situation(settings, found[-1], environ)


def _given_secrets(environ: Mapping[str, str]) -> EnvironmentSecrets:
    return EnvironmentSecrets(
        fernet_key=environ.get(FERNET_KEY, ""),
        webserver_secret_key=environ.get(WEBSERVER_SECRET_KEY, ""),
        postgres_password=environ.get(DATABASE_PASSWORD, ""),
        admin_password=environ.get(ADMIN_PASSWORD, ""),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
