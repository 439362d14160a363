"""Seeds as what a process that parses DAG files sees of them: variables, and the names that are there."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.config.model import Settings
    from harness.project.seeds import Seeds

_SECRET_KINDS = (("variables_prefix", "variable"), ("connections_prefix", "connection"))


def seed_variables(seeds: Seeds, settings: Settings) -> dict[str, str]:
    """The variables and connections of `seeds`, those in Secrets Manager too, as Airflow's own variables."""
    variables = {f"AIRFLOW_VAR_{name.upper()}": value for name, value in seeds.variables.items()}
    for connection in seeds.connections:
        fields = {name: value for name, value in asdict(connection).items() if value not in (None, "", {})}
        name = fields.pop("conn_id")
        variables[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(fields)
    for kind, name, value in _secrets(seeds, settings):
        variables[f"AIRFLOW_{'VAR' if kind == 'variable' else 'CONN'}_{name.upper()}"] = value
    return variables


def seeded_names(seeds: Seeds, settings: Settings) -> dict[str, list[str]]:
    """The names that `seeds` provide, by kind: connection, variable, pool, bucket; the source bucket, too."""
    names = {
        "connection": {connection.conn_id for connection in seeds.connections},
        "variable": set(seeds.variables),
        "pool": {pool.name for pool in seeds.pools},
        "bucket": {entry.bucket for entry in seeds.objects} | {settings.bucket},
    }
    for kind, name, _ in _secrets(seeds, settings):
        names[kind].add(name)
    return {kind: sorted(there) for kind, there in names.items()}


def _secrets(seeds: Seeds, settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Kind, name and value of the secrets that Airflow's secrets backend is told to look for."""
    options = settings.environment.airflow_configuration_options
    if "secrets.backend" not in options:
        return
    kwargs = _read_kwargs(options.get("secrets.backend_kwargs", ""))
    for option, kind in _SECRET_KINDS:
        prefix = str(kwargs.get(option) or f"airflow/{option.partition('_')[0]}")
        for path, value in seeds.secrets.items():
            if path.startswith(f"{prefix}/"):
                yield kind, path[len(prefix) + 1 :], value


def _read_kwargs(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
