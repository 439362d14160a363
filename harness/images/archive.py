"""Carrying images to machines that reach neither a registry nor package registries: one tar file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError, UsageError
from harness.events import StepFinished, StepStarted
from harness.images.engine import translated
from harness.process import capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from docker import DockerClient

    from harness.events import EventSink


def save_arguments(references: Sequence[str], target: Path) -> tuple[str | Path, ...]:
    """The command that writes `references` into one file; layers that they share are in it once."""
    return ("docker", "save", "--output", target, *references)


def export_images(
    references: Sequence[str], target: Path, environ: Mapping[str, str], events: EventSink
) -> None:
    """Write the images `references` to the file `target`; it is there complete or not at all.

    Raises:
        HarnessError: the disk is full, or the engine refused.
        UsageError: the folder of `target` does not exist.
    """
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is no folder", hint="make it, or name another place for the file")
    events(StepStarted("export", str(target)))
    partial = target.with_name(f".{target.name}.partial")
    try:
        done = capture(save_arguments(references, partial), env=environ)
        if done.exit_status != 0:
            raise _refused(done.stderr, target)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    events(StepFinished("export", f"{len(references)} images in {target}"))


def import_images(client: DockerClient, source: Path, events: EventSink) -> tuple[str, ...]:
    """Load the images in the file `source` and return what they are called.

    Raises:
        HarnessError: it holds no images, or the engine refused.
        UsageError: there is no such file.
    """
    if not source.is_file():
        raise UsageError(f"{source} does not exist", hint="make one: mwaa-harness images --export images.tar")
    events(StepStarted("import", str(source)))
    with source.open("rb") as stream, translated():
        loaded = client.images.load(stream)
    references = tuple(sorted({tag for image in loaded for tag in image.tags}))
    if not references:
        raise HarnessError(
            f"{source} holds no images",
            hint="make it on a machine that has them: mwaa-harness images --export images.tar",
        )
    events(StepFinished("import", f"{len(references)} images from {source}"))
    return references


def _refused(said: str, target: Path) -> HarnessError:
    if "no space left" in said.lower():
        return HarnessError(
            f"the disk of {target.parent} is full",
            hint="the file needs about a gigabyte: choose another disk",
        )
    last = said.strip().splitlines()[-1:] or ["it gave no reason"]
    return HarnessError(f"the images cannot be written to {target}: {last[0]}", hint="see the engine's log")
