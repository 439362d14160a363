"""Getting published images from their registry, when one answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import docker.errors
import requests.exceptions

from harness.errors import HarnessError
from harness.events import StepProgressed
from harness.images.engine import disk_full, open_engine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docker import DockerClient

    from harness.events import EventSink
    from harness.images.references import BaseImage

_ASKING_SECONDS = 6
_NO_REGISTRY = "no registry answered in time"


def pull_all(
    client: DockerClient, images: Sequence[BaseImage], environ: Mapping[str, str], events: EventSink
) -> Mapping[BaseImage, str | None]:
    """Pull `images` at once; for each, None, or the reason why it could not be had.

    Raises:
        HarnessError: the engine's disk is full.
    """
    # Asking for the manifest is quick where a registry answers; a pull waits for minutes where none does.
    with (
        open_engine(environ, seconds=_ASKING_SECONDS) as asking,
        ThreadPoolExecutor(max_workers=len(images)) as pool,
    ):
        started = {image: pool.submit(_pull, client, asking, image, events) for image in images}
        return {image: future.result() for image, future in started.items()}


def _pull(client: DockerClient, asking: DockerClient, image: BaseImage, events: EventSink) -> str | None:
    reason = _reason_not_to_pull(asking, image)
    if reason is not None:
        return reason
    events(StepProgressed(image.reference, "pulling"))
    try:
        for line in client.api.pull(image.reference, stream=True, decode=True):
            if "error" in line:
                return _refusal(str(line["error"]))
    except docker.errors.APIError as error:
        return _refusal(str(error.explanation or error))
    except requests.exceptions.RequestException:
        return "the registry fell silent"
    return None


def _reason_not_to_pull(asking: DockerClient, image: BaseImage) -> str | None:
    try:
        asking.images.get_registry_data(image.reference)
    except docker.errors.APIError as error:
        return _refusal(str(error.explanation or error))
    except requests.exceptions.RequestException:
        return _NO_REGISTRY
    return None


def _refusal(said: str) -> str:
    if "no space left" in said.lower():
        raise disk_full()
    # The engine's words go from the address to the cause: `Get "https://…": dial tcp …: no such host`.
    return said.strip().splitlines()[0].rsplit(": ", 1)[-1] if said.strip() else _NO_REGISTRY


def require_any_way(reasons: Mapping[BaseImage, str], error: HarnessError) -> HarnessError:
    """The error when images can neither be pulled nor stood in for."""
    return HarnessError(
        f"{', '.join(image.reference for image in reasons)} cannot be pulled, and no stand-in can be made: "
        f"{error.message}",
        hint=error.hint
        or "on a machine that has the images: make images EXPORT=images.tar; here: IMPORT=images.tar",
        evidence=(*(f"{image.reference}: {reason}" for image, reason in reasons.items()), *error.evidence),
    )
