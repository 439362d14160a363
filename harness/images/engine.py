"""The Docker engine, through Docker's SDK; its refusals become errors that say what to do."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import docker.errors
import requests.exceptions

from harness.errors import HarnessError
from harness.process import CommandError, capture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

_SECONDS = 300
_SOCKET = "unix://"
_CONTEXT = ("docker", "context", "inspect", "--format", "{{json .Endpoints.docker.Host}}")
START_HINT = (
    "start Docker, or install and start Debian's engine: sudo docker/engine; `--runtime native` needs none"
)


@dataclass(frozen=True)
class FoundImage:
    """An image that the engine has."""

    id: str
    size: int
    labels: Mapping[str, str]
    architecture: str
    layers: tuple[str, ...]


@contextmanager
def open_engine(environ: Mapping[str, str], *, seconds: int = _SECONDS) -> Iterator[DockerClient]:
    """A client of the engine that the docker command would use; what it refuses is translated.

    It waits `seconds` at most for each answer.

    Raises:
        HarnessError: no engine answers, or it lets this user not in.
    """
    address = _address(environ)
    if address is not None and address.startswith(_SOCKET) and not Path(address[len(_SOCKET) :]).exists():
        # Docker's SDK would find out as well, and leave a socket open.
        raise HarnessError("no Docker engine answers", hint=START_HINT)
    with translated():
        client = docker.DockerClient(base_url=address, timeout=seconds)
    try:
        with translated():
            client.ping()
            yield client
    finally:
        client.close()


@contextmanager
def translated() -> Iterator[None]:
    """Make what Docker's SDK raises a `HarnessError`."""
    try:
        yield
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise translate(error) from error


def translate(error: Exception) -> HarnessError:
    """What a failure of Docker's SDK means to the user."""
    said = str(getattr(error, "explanation", None) or error)
    lower = said.lower()
    if "permission denied" in lower or isinstance(_root_cause(error), PermissionError):
        return HarnessError(
            "the Docker engine does not let this user in",
            hint="use sudo, or join the group docker: sudo usermod -aG docker $USER, then log in anew",
        )
    if "no space left" in lower:
        return disk_full()
    if isinstance(error, docker.errors.APIError):
        return HarnessError(f"the Docker engine refused: {said}", hint="see the engine's log")
    if "timed out" in lower:
        return HarnessError(
            "the Docker engine does not answer in time", hint="see the engine's log, or restart it"
        )
    return HarnessError("no Docker engine answers", hint=START_HINT)


def disk_full() -> HarnessError:
    """The disk of the engine has no room."""
    return HarnessError(
        "the disk of the Docker engine is full",
        hint="free space: docker system prune, docker builder prune; `docker system df` shows what takes it",
    )


def find_image(client: DockerClient, reference: str) -> FoundImage | None:
    """The image that is tagged `reference`, if there is one."""
    try:
        image = client.images.get(reference)
    except docker.errors.ImageNotFound:
        return None
    attributes: dict[str, Any] = image.attrs
    return FoundImage(
        id=str(image.id),
        size=attributes["Size"],
        labels=dict((attributes.get("Config") or {}).get("Labels") or {}),
        architecture=attributes["Architecture"],
        layers=tuple((attributes.get("RootFS") or {}).get("Layers") or ()),
    )


def remove_replaced(client: DockerClient, image: FoundImage) -> None:
    """Remove `image`, which another took the name of, unless a container or another name uses it."""
    with contextlib.suppress(docker.errors.APIError):
        if not client.images.get(image.id).tags:
            client.images.remove(image.id)


def _address(environ: Mapping[str, str]) -> str | None:
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    try:
        done = capture(_CONTEXT, env=environ, timeout=10)
        return str(json.loads(done.stdout)) if done.exit_status == 0 else None
    except (CommandError, ValueError):
        return None


def _root_cause(error: BaseException) -> BaseException:
    inner: BaseException | None = error
    for _ in range(10):
        arguments = [part for part in getattr(inner, "args", ()) if isinstance(part, BaseException)]
        deeper = arguments[0] if arguments else getattr(inner, "__cause__", None)
        if deeper is None:
            break
        inner = deeper
    return inner or error
