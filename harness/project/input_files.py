"""The files a project is made of, checked before anything is started: are they there, are they files?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.config.origins import Source
from harness.errors import CollectedError, HarnessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.config.origins import Origin
    from harness.errors import Location
    from harness.project.layout import Project


def require_input_files(project: Project, origins: Mapping[str, Origin]) -> None:
    """Check that the project's files are what the settings say.

    Only the DAGs folder is required; the others are required once a setting names them.

    Raises:
        CollectedError: some are missing, or folders where files are meant, or the other way round.
    """
    errors = tuple(_find_errors(project, origins))
    if errors:
        raise CollectedError(errors)


def _find_errors(project: Project, origins: Mapping[str, Origin]) -> Iterator[HarnessError]:
    dags = project.dags_folder
    if not dags.exists():
        yield UsageError(
            f"{_subject('local.dags_folder', origins)}: there is no DAGs folder {_shown(dags, project.root)}",
            hint="create it and put a DAG file into it, or name another: dags_folder in [local] of mwaa.toml",
            location=_location("local.dags_folder", origins),
        )
    parts = (
        ("local.dags_folder", dags, "folder"),
        ("local.plugins_folder", project.plugins_folder, "folder"),
        ("local.requirements_file", project.requirements_file, "file"),
        ("local.startup_script", project.startup_script, "file"),
    )
    for option, path, kind in parts:
        if path != dags and not path.exists():
            if origins[option].source is not Source.DEFAULT:
                yield UsageError(
                    f"{_subject(option, origins)}: there is no {kind} {_shown(path, project.root)}",
                    hint="create it, or correct the setting; the path is relative to the project",
                    location=_location(option, origins),
                )
        elif path.exists() and not (path.is_dir() if kind == "folder" else path.is_file()):
            other = "file" if kind == "folder" else "folder"
            yield UsageError(
                f"{_subject(option, origins)}: {_shown(path, project.root)} is a {other}, not a {kind}",
                hint=f"name a {kind}; the path is relative to the project",
                location=_location(option, origins),
            )


def _subject(option: str, origins: Mapping[str, Origin]) -> str:
    name = origins[option].name
    return f"{name}: {option}" if name else option


def _location(option: str, origins: Mapping[str, Origin]) -> Location | None:
    return origins[option].location


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
