"""`.mwaa/run/compose.json`: the environment that `up` started in containers, until `down`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.runtime.backend import Endpoints
from harness.runtime.private_files import make_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from harness.project.layout import StateFolder


@dataclass(frozen=True)
class ComposeRecord:
    """One environment in containers.

    Attributes:
        name: the compose project name.
        endpoints: how to reach it from this machine.
        ports: the published port of each service that has one.
        inputs: digest of what the Airflow services were started with.
        image: the Airflow image they run.
    """

    name: str
    endpoints: Endpoints
    ports: Mapping[str, int]
    inputs: str
    image: str


class RecordError(ValueError):
    """The file does not hold a record; the message says what is wrong with it."""


def record_file(state: StateFolder) -> Path:
    return state.run / "compose.json"


def write_record(state: StateFolder, record: ComposeRecord) -> None:
    make_folder(state.run)
    write_private(record_file(state), json.dumps(asdict(record), indent=2) + "\n")


def read_record(state: StateFolder) -> ComposeRecord | None:
    """The environment that was started here in containers; None when there is none.

    Raises:
        RecordError: the file is there but damaged.
    """
    try:
        document: dict[str, Any] = json.loads(record_file(state).read_text(encoding="utf-8"))
        return ComposeRecord(
            name=str(document["name"]),
            endpoints=Endpoints(**document["endpoints"]),
            ports={name: int(port) for name, port in document["ports"].items()},
            inputs=str(document["inputs"]),
            image=str(document["image"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(repr(error)) from error


def retire_record(state: StateFolder) -> None:
    """Note that the environment is down; its ports are remembered for the next time."""
    with contextlib.suppress(FileNotFoundError):
        record_file(state).replace(_retired_file(state))


def remembered_ports(state: StateFolder) -> Mapping[str, int]:
    """The ports of the environment that was here last."""
    try:
        document = json.loads(_retired_file(state).read_text(encoding="utf-8"))
        return {name: int(port) for name, port in document["ports"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _retired_file(state: StateFolder) -> Path:
    return record_file(state).with_suffix(".last.json")
