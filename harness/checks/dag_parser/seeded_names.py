"""Names that the project's seeds provide, and the variables through which a parse can read them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SECRET_KINDS = {"airflow/connections/": "connection", "airflow/variables/": "variable"}


@dataclass
class SeededNames:
    """What `seeds.toml` provides: names by kind, and AIRFLOW_VAR_… and AIRFLOW_CONN_… variables."""

    names: dict[str, set[str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """Something of this kind is there."""
        self.names.setdefault(kind, set()).add(name)


def read_seeded_names(file: Path) -> SeededNames:
    """What the seeds file provides; nothing when there is none. Its mistakes are another part's to report."""
    seeded = SeededNames()
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return seeded
    for name, value in _table(document, "variables").items():
        _add_variable(seeded, name, value if isinstance(value, str) else json.dumps(value))
    for name, connection in _table(document, "connections").items():
        seeded.add("connection", name)
        seeded.variables[f"AIRFLOW_CONN_{name.upper()}"] = _connection_uri(connection)
    for name in _table(document, "pools"):
        seeded.add("pool", name)
    for entry in document.get("s3", ()):
        if isinstance(entry, dict) and "bucket" in entry:
            seeded.add("bucket", str(entry["bucket"]))
    for path, value in _table(document, "secrets").items():
        _add_secret(seeded, path, value)
    return seeded


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    return table if isinstance(table, dict) else {}


def _add_variable(seeded: SeededNames, name: str, text: str) -> None:
    seeded.add("variable", name)
    seeded.variables[f"AIRFLOW_VAR_{name.upper()}"] = text


def _add_secret(seeded: SeededNames, path: str, value: Any) -> None:
    for prefix, kind in _SECRET_KINDS.items():
        if path.startswith(prefix):
            name = path[len(prefix) :]
            if kind == "variable":
                _add_variable(seeded, name, value if isinstance(value, str) else json.dumps(value))
            else:
                seeded.add(kind, name)
                uri = _connection_uri(value) if isinstance(value, dict) else str(value)
                seeded.variables[f"AIRFLOW_CONN_{name.upper()}"] = uri


def _connection_uri(connection: Any) -> str:
    """The connection as Airflow reads it from the environment."""
    given = connection if isinstance(connection, dict) else {}
    login, password = str(given.get("login", "")), str(given.get("password", ""))
    user = f"{quote(login, safe='')}:{quote(password, safe='')}@" if login or password else ""
    port = f":{given['port']}" if "port" in given else ""
    extra = given.get("extra", {})
    query = f"?{urlencode({'__extra__': json.dumps(extra)})}" if extra else ""
    host, schema = quote(str(given.get("host", "")), safe=""), quote(str(given.get("schema", "")), safe="")
    return f"{str(given.get('conn_type', '')).replace('_', '-')}://{user}{host}{port}/{schema}{query}"
