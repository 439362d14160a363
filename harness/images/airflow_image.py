"""The image of the Airflow components and the control plane, without any project's requirements."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from harness.images.building import Build
from harness.images.folders import PACKAGE, copy_package, docker_folder, package_files
from harness.images.references import FINGERPRINT_LABEL, BaseImage, airflow_image
from harness.project.fingerprint import fingerprint, hash_file, hash_files

if TYPE_CHECKING:
    from pathlib import Path

    from harness.images.engine import FoundImage
    from harness.workerenv.matrix import SupportRow

_DOCKER_FILES = ("Dockerfile", "Dockerfile.dockerignore", "entrypoint", "with-package-settings")


def base_fingerprint(row: SupportRow, python: FoundImage) -> str:
    """The name of what the image for `row` on top of the image `python` is made of."""
    folder = docker_folder()
    return fingerprint(
        {
            "airflow": row.airflow_version,
            "python": python.id,
            "docker": "\n".join(hash_file(folder / name) for name in _DOCKER_FILES),
            "harness": hash_files(PACKAGE, package_files(PACKAGE)),
        }
    )


def prepare_base(row: SupportRow, name: str, context: Path) -> Build:
    """The build of the image of `row`, whose fingerprint is `name`, in the new folder `context`."""
    _make_context(context)
    return Build(
        airflow_image(row),
        context / "docker/Dockerfile",
        context,
        target="base",
        arguments={"PYTHON_IMAGE": BaseImage.PYTHON.reference, "AIRFLOW_VERSION": row.airflow_version},
        labels={FINGERPRINT_LABEL: name},
    )


def _make_context(context: Path) -> None:
    """Copy what the Dockerfile takes into the new folder `context`."""
    (context / "docker").mkdir(parents=True)
    for name in _DOCKER_FILES:
        shutil.copy2(docker_folder() / name, context / "docker" / name)
    copy_package(context / "harness")
