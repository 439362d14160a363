from __future__ import annotations

import base64
import stat
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.project.layout import StateFolder
from harness.runtime.secrets import ensure_secrets

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_stay_the_same(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / ".mwaa")

    assert ensure_secrets(state) == ensure_secrets(state)


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    ensure_secrets(state)

    assert stat.S_IMODE(state.secrets_file.stat().st_mode) == 0o600


def test_the_fernet_key_is_one(tmp_path: Path) -> None:
    assert len(base64.urlsafe_b64decode(ensure_secrets(StateFolder(tmp_path)).fernet_key)) == 32


def test_their_representation_tells_nothing(tmp_path: Path) -> None:
    secrets = ensure_secrets(StateFolder(tmp_path))

    assert secrets.fernet_key not in repr(secrets)
    assert secrets.postgres_password not in secrets.database_digest


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"fernet_key": 3}', "null"])
def test_a_damaged_file_is_named_and_never_replaced(tmp_path: Path, text: str) -> None:
    state = StateFolder(tmp_path)
    state.secrets_file.write_text(text, encoding="utf-8")

    with pytest.raises(HarnessError, match=r"secrets\.json cannot be read"):
        ensure_secrets(state)

    assert state.secrets_file.read_text(encoding="utf-8") == text
