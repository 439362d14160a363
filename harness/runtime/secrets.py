"""The secrets of one environment: made once, kept in `.mwaa/secrets.json`, never printed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.runtime.private_files import make_folder, write_private

if TYPE_CHECKING:
    from harness.project.layout import StateFolder


@dataclass(frozen=True, repr=False)
class EnvironmentSecrets:
    """What MWAA generates for an environment; stable until the file is deleted."""

    fernet_key: str
    webserver_secret_key: str
    postgres_password: str
    admin_password: str

    @property
    def database_digest(self) -> str:
        """Names the passwords a database was made with, without telling them."""
        text = f"{self.postgres_password}\0{self.admin_password}\0{self.fernet_key}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def ensure_secrets(state: StateFolder) -> EnvironmentSecrets:
    """The environment's secrets, generated when there are none yet.

    Raises:
        HarnessError: the file exists but cannot be understood.
    """
    try:
        text = state.secrets_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        made = _generate()
        make_folder(state.root)
        write_private(state.secrets_file, json.dumps(asdict(made), indent=2))
        return made
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(state, str(error)) from error
    try:
        document = json.loads(text)
        values = {field.name: document[field.name] for field in fields(EnvironmentSecrets)}
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(state, f"it does not hold what the harness wrote ({error})") from error
    if not all(isinstance(value, str) and value for value in values.values()):
        raise _unreadable(state, "a value is not a text")
    return EnvironmentSecrets(**values)


def _generate() -> EnvironmentSecrets:
    return EnvironmentSecrets(
        fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
        webserver_secret_key=secrets.token_hex(32),
        postgres_password=secrets.token_hex(16),
        admin_password=secrets.token_urlsafe(12),
    )


def _unreadable(state: StateFolder, why: str) -> HarnessError:
    return HarnessError(
        f"{state.secrets_file} cannot be read: {why}",
        hint="restore the file, or start over: mwaa-harness down --volumes, then delete the file",
    )
