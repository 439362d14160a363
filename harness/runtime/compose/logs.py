"""What containers wrote, through the engine."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from harness.images.engine import translated
from harness.runtime.backend import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from docker import DockerClient

    from harness.runtime.compose.containers import ContainerInfo


def read_lines(
    client: DockerClient, containers: Sequence[ContainerInfo], since: datetime | None
) -> Iterator[LogLine]:
    """The lines so far, oldest first per service."""
    for info in containers:
        with translated():
            said = client.api.logs(info.id, stdout=True, stderr=True, since=_moment(since))
        for line in said.decode("utf-8", "replace").splitlines():
            yield LogLine(info.name, line)


def follow_lines(
    client: DockerClient, containers: Sequence[ContainerInfo], since: datetime | None
) -> Iterator[LogLine]:
    """As `read_lines`, then new lines as they are written, until the caller stops or every container ends."""
    lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()

    def follow(info: ContainerInfo) -> None:
        rest = b""
        try:
            with translated():
                chunks = client.api.logs(
                    info.id, stdout=True, stderr=True, stream=True, follow=True, since=_moment(since)
                )
                for chunk in chunks:
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        lines.put(LogLine(info.name, line.decode("utf-8", "replace").rstrip("\r")))
        finally:
            lines.put(None)

    for info in containers:
        threading.Thread(target=follow, args=(info,), daemon=True).start()
    left = len(containers)
    while left:
        line = lines.get()
        if line is None:
            left -= 1
        else:
            yield line


def last_lines(client: DockerClient, info: ContainerInfo, count: int) -> tuple[str, ...]:
    """The end of what a container wrote."""
    with translated():
        said = client.api.logs(info.id, stdout=True, stderr=True, tail=count)
    return tuple(said.decode("utf-8", "replace").splitlines())


def _moment(since: datetime | None) -> float | None:
    return None if since is None else since.timestamp()  # the SDK's own conversion knows no time zones
