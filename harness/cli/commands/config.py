"""`config show`: every setting and where its value came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.config.options import OPTIONS
from harness.errors import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cli.answer_format import AnswerFormat
    from harness.cli.invocation import Invocation
    from harness.config.origins import Origin

_SECRET_NAME = re.compile(r"password|passwd|secret|token|private_key|api_key|credential", re.IGNORECASE)
_MASK = "******"


def show_config(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print every setting; the values of Airflow options that look like secrets are masked."""
    root = invocation.root
    loaded = invocation.load_settings()
    shown = {option.path: _without_secrets(loaded.values[option.path]) for option in OPTIONS}
    origins = {option.path: loaded.origins[option.path].describe(root) for option in OPTIONS}
    if answer.is_json:
        document = {path: {"value": value, "origin": origins[path]} for path, value in shown.items()}
        invocation.console.json(document)
        return ExitStatus.SUCCESS
    rows = [
        (name, text, origin.describe(root))
        for path, value in shown.items()
        for name, text, origin in _rows(path, value, loaded.origins)
    ]
    invocation.console.table(("setting", "value", "from"), rows)
    return ExitStatus.SUCCESS


def _rows(path: str, value: Any, origins: Mapping[str, Origin]) -> Iterator[tuple[str, str, Origin]]:
    if isinstance(value, Mapping) and value:
        for entry, text in value.items():
            full = f"{path}.{entry}"
            shown = f'{path}."{entry}"' if "." in entry else full
            yield shown, _as_toml(text), origins.get(full, origins[path])
    else:
        yield path, _as_toml(value), origins[path]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _MASK if _is_secret(key) else text for key, text in value.items()}
    return value


def _is_secret(option: str) -> bool:
    # The section does not count: "secrets.backend" names a class.
    return _SECRET_NAME.search(option.rpartition(".")[2]) is not None


def _as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'" if '"' in value else f'"{value}"'
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_as_toml(each) for each in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
