"""The images that an environment is made of: what they are called, and the labels that say what they hold."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.workerenv.matrix import SupportRow


class BaseImage(Enum):
    """An image that others publish; its value is the reference that the compose file and Dockerfile use."""

    PYTHON = "python:3.10-slim-bookworm"
    POSTGRES = "postgres:15"
    LOCALSTACK = "localstack/localstack:4.7.0"

    @property
    def reference(self) -> str:
        return self.value

    @property
    def word(self) -> str:
        """Its name in messages and folders, e.g. "localstack"."""
        return self.name.lower()


REPOSITORY = "mwaa-harness"
FINGERPRINT_LABEL = "mwaa-harness.fingerprint"
"""Names the content that an image of ours was built from; the same content is not built again."""
STAND_IN_LABEL = "mwaa-harness.stand-in"
"""Names the published image that an image made on this machine stands in for."""


def airflow_image(row: SupportRow) -> str:
    """The image of the release `row` without any project's requirements."""
    return f"{REPOSITORY}/airflow:{row.airflow_version}"
