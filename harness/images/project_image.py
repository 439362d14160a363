"""The image of a project: the base image and, in a layer of its own, the project's requirements."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.images.baking_failure import read_failure
from harness.images.building import Build, BuildError, open_builds
from harness.images.folders import docker_folder
from harness.images.package_settings import read_package_settings
from harness.images.project_record import ProjectRecord, write_record
from harness.images.references import FINGERPRINT_LABEL, REPOSITORY, airflow_image
from harness.project.fingerprint import fingerprint, hash_file
from harness.project.requirements_file import Requirements, read_requirements
from harness.workerenv.matrix import support_row
from harness.workerenv.worker import requirement_variables
from harness.workerenv.worker_content import requirements_context

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.config.model import Settings
    from harness.images.building import BuiltImage
    from harness.project.layout import Project

_SHORT = 12
_UNFIT = re.compile(r"[^a-z0-9]+")


def project_image(project: Project, settings: Settings) -> str:
    """The image that runs `project` with the requirements it has now; it need not exist yet.

    Raises:
        UsageError: a line of the requirements file is wrong, or the Airflow version is not supported.
    """
    row = support_row(settings.environment.airflow_version)
    requirements = read_requirements(project.requirements_file, requirements_context(project, row))
    if requirements.is_empty:
        return airflow_image(row)
    name = _UNFIT.sub("-", settings.environment.name.lower()).strip("-") or "project"
    return f"{REPOSITORY}/{name}:{_requirements_fingerprint(project, requirements, settings)[:_SHORT]}"


def _requirements_fingerprint(project: Project, requirements: Requirements, settings: Settings) -> str:
    """The name of what `project` adds to the base image."""
    return fingerprint(
        {
            "airflow": settings.environment.airflow_version,
            **{
                str(path.relative_to(project.root)): hash_file(path) for path in _files(project, requirements)
            },
        }
    )


def project_fingerprint(reference: str, base: str) -> str:
    """The name of what the image `reference`, made on the image with the id `base`, holds."""
    return fingerprint({"image": reference, "base": base})


def build_project(
    project: Project,
    settings: Settings,
    label: str,
    context: Path,
    environ: Mapping[str, str],
) -> BuiltImage:
    """Build the image of `project` in the new folder `context`; `label` names the content.

    Raises:
        HarnessError: it cannot be built, e.g. because the requirements cannot be installed.
        UsageError: a line of the requirements file is wrong, or names a file outside the project.
    """
    row = support_row(settings.environment.airflow_version)
    requirements = read_requirements(project.requirements_file, requirements_context(project, row))
    (context / "docker").mkdir(parents=True)
    for name in ("Dockerfile", "Dockerfile.dockerignore", "with-package-settings"):
        shutil.copy2(docker_folder() / name, context / "docker" / name)
    for path in _files(project, requirements):
        target = context / "project" / path.relative_to(project.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    places = {
        name: str(getattr(project, name).relative_to(project.root))
        for name in ("dags_folder", "plugins_folder", "requirements_file")
    }
    variables = requirement_variables(
        requirements, settings.environment.airflow_configuration_options, environ
    )
    write_record(
        context / "project",
        ProjectRecord(row.airflow_version, **places, variables=tuple(sorted(variables))),
    )
    build = Build(
        project_image(project, settings),
        context / "docker/Dockerfile",
        context,
        target="project",
        # On the finished image: nothing below the requirements is looked at again.
        arguments={"BASE_IMAGE": airflow_image(row)},
        labels={FINGERPRINT_LABEL: label},
    )
    try:
        with open_builds(read_package_settings(environ, variables), environ) as builds:
            return builds.start(build).wait()
    except BuildError as error:
        raise read_failure(error.log, project.root) or error from error


def _files(project: Project, requirements: Requirements) -> tuple[Path, ...]:
    files = tuple(dict.fromkeys(_each_file(requirements)))
    for path in files:
        if not path.is_relative_to(project.root):
            raise UsageError(
                f"{project.requirements_file.name} uses {path}, which is outside the project",
                hint=f"an image is built from the project alone: copy it below {project.root}",
            )
    return files


def _each_file(requirements: Requirements) -> Iterator[Path]:
    yield from requirements.files
    for path in requirements.local_packages:
        if path.is_dir():
            yield from (
                file
                for file in sorted(path.rglob("*"))
                if file.is_file() and not {"__pycache__", ".mwaa", ".venv", ".git"} & set(file.parts)
            )
        elif path.is_file():
            yield path
