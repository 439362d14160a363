"""What a running environment is: `.mwaa/run/environment.json`, written by `up`, read by everyone."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.runtime.backend import Endpoints
from harness.runtime.private_files import make_folder, write_private

if TYPE_CHECKING:
    from harness.project.layout import StateFolder

_FILE = "environment.json"


@dataclass(frozen=True)
class EnvironmentState:
    """One environment of one project.

    Attributes:
        instance: stable name of the project's environment on this machine; marks its processes.
        endpoints: how to reach it.
        ports: the TCP port of each service that listens.
        homes: the home folder of each component.
        worker_environment: the worker environment that its Airflow services run in.
        services: names of all services, in start order.
        inputs: digest of what the Airflow services were started with; another one means an update.
        socket: where its supervisor answers.
    """

    instance: str
    endpoints: Endpoints
    ports: Mapping[str, int]
    homes: Mapping[str, Path]
    worker_environment: Path
    services: tuple[str, ...]
    inputs: str = ""
    socket: Path = field(default_factory=Path)


class StateError(ValueError):
    """The state file does not hold a state; the message says what is wrong with it."""


def state_file(state: StateFolder) -> Path:
    return state.run / _FILE


def write_state(state: StateFolder, environment: EnvironmentState) -> None:
    """Write the state file in one step, readable by its owner alone."""
    make_folder(state.run)
    write_private(state_file(state), json.dumps(asdict(environment), indent=2, default=str) + "\n")


def read_state(state: StateFolder) -> EnvironmentState | None:
    """The environment last started here; None when there is none.

    Raises:
        StateError: the file is there but damaged.
    """
    try:
        document = json.loads(state_file(state).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StateError(str(error)) from error
    try:
        return _parse(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StateError(f"not a state: {error!r}") from error


def set_aside(state: StateFolder) -> Path:
    """Move a damaged state file out of the way; where it is now."""
    path = state_file(state)
    aside = path.with_name(f"{path.stem}.damaged-{int(time.time())}{path.suffix}")
    path.replace(aside)
    return aside


def _parse(document: Any) -> EnvironmentState:
    return EnvironmentState(
        instance=_text(document["instance"]),
        endpoints=Endpoints(**{key: _text(value) for key, value in document["endpoints"].items()}),
        ports={name: int(port) for name, port in document["ports"].items()},
        homes={name: Path(path) for name, path in document["homes"].items()},
        worker_environment=Path(document["worker_environment"]),
        services=tuple(_text(name) for name in document["services"]),
        inputs=_text(document["inputs"]),
        socket=Path(document["socket"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
