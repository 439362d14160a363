"""Where each artefact lives in the source bucket, and which keys may become files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.config.model import EnvironmentSettings

_LONGEST_NAME = 255  # bytes; the file systems that matter
_LONGEST_KEY = 1024  # bytes; S3


@dataclass(frozen=True)
class BucketLayout:
    """Keys of the artefacts; `dags` is a prefix that ends in a slash."""

    dags: str
    plugins: str
    requirements: str
    startup_script: str

    @property
    def artefacts(self) -> tuple[str, ...]:
        """Keys that take effect only when an environment starts or is updated (facts 0.9)."""
        return (self.plugins, self.requirements, self.startup_script)


class UnsafeKeyError(ValueError):
    """The key cannot become a file below the DAGs folder; the message says why."""


def bucket_layout(environment: EnvironmentSettings) -> BucketLayout:
    return BucketLayout(
        dags=environment.dag_s3_path.strip("/") + "/",
        plugins=environment.plugins_s3_path.lstrip("/"),
        requirements=environment.requirements_s3_path.lstrip("/"),
        startup_script=environment.startup_script_s3_path.lstrip("/"),
    )


def is_publishable_key(key: str) -> bool:
    return len(key.encode("utf-8")) <= _LONGEST_KEY


def relative_path(key: str, prefix: str) -> str:
    """The path below the DAGs folder that the object `key` becomes.

    Raises:
        UnsafeKeyError: it would leave the folder, or no file can have that name.
    """
    relative = key.removeprefix(prefix)
    if relative.startswith("/"):
        raise UnsafeKeyError("it is an absolute path")
    if "\\" in relative or any(ord(character) < 32 or ord(character) == 127 for character in relative):  # noqa: PLR2004 - ASCII
        raise UnsafeKeyError("it holds a backslash or a control character")
    for name in relative.split("/"):
        if name in {"", ".", ".."}:
            raise UnsafeKeyError(f"{name!r} is not a file name")
        if len(name.encode("utf-8")) > _LONGEST_NAME:
            raise UnsafeKeyError("one of its names is longer than 255 bytes")
    return relative
