"""What a build must know of a project beside its files: `project.json` in the folder that the build sees."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "project.json"


@dataclass(frozen=True)
class ProjectRecord:
    """Release and places, relative to the project's folder; `variables` names what requirements refer to."""

    airflow_version: str
    dags_folder: str
    plugins_folder: str
    requirements_file: str
    variables: tuple[str, ...] = ()


def write_record(folder: Path, record: ProjectRecord) -> None:
    (folder / _NAME).write_text(json.dumps(asdict(record)), encoding="utf-8")


def read_record(folder: Path) -> ProjectRecord:
    document = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    return ProjectRecord(**{**document, "variables": tuple(document["variables"])})
