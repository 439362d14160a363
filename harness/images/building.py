"""`docker build`: its arguments, and what its failures mean."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.images.engine import START_HINT, disk_full
from harness.images.package_settings import write_secrets
from harness.process import CommandError, end, spawn
from harness.workerenv.packager import network_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.images.package_settings import PackageSettings
    from harness.process import Child

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_STEP_OUTPUT = re.compile(r"^#\d+ (?:[\d.]+ )?(?P<said>.*)$")
_NOISE = re.compile(r"^(sha256:|DONE|CACHED|transferring|extracting|exporting|resolve |\[|\.\.\.|\s*$|-+$)")
_SHOWN_LINES = 25
_ENDING_SECONDS = 10


class BuildError(HarnessError):
    """A step of a build failed; `log` is all that the docker command said."""

    def __init__(self, message: str, log: str, *, hint: str, evidence: tuple[str, ...]) -> None:
        super().__init__(message, hint=hint, evidence=evidence)
        self.log = log


@dataclass(frozen=True)
class BuiltImage:
    """An image that was just built, and how long that took."""

    reference: str
    seconds: float


@dataclass(frozen=True)
class Build:
    """One image to build.

    Attributes:
        reference: its tag.
        dockerfile: path of the Dockerfile.
        context: the folder that the build sees.
        target: stage of the Dockerfile; empty for its last.
        arguments: build arguments. They end up in the image's history: nothing secret may be among them.
        labels: labels of the image.
    """

    reference: str
    dockerfile: Path
    context: Path
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def build_arguments(build: Build, secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The command line for `build`."""
    return (
        *("docker", "build", "--progress", "plain", "--network", "host", "--file", str(build.dockerfile)),
        *(("--target", build.target) if build.target else ()),
        *("--tag", build.reference),
        *_pairs("--build-arg", build.arguments),
        *_pairs("--label", build.labels),
        *secrets,
        str(build.context),
    )


@contextmanager
def open_builds(settings: PackageSettings, environ: Mapping[str, str]) -> Iterator[Builds]:
    """Builds that may run at once; leaving the context ends those that still run, and removes the secrets."""
    with tempfile.TemporaryDirectory(prefix="mwaa-build-") as folder:
        builds = Builds(write_secrets(settings, Path(folder)), Path(folder), environ)
        try:
            yield builds
        finally:
            builds.end()


class Builds:
    """Builds that were started together."""

    def __init__(self, secrets: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._folder = folder
        # BuildKit is what secrets and cache mounts need; engines before 23 do without unless told.
        self._environ = {**environ, "DOCKER_BUILDKIT": "1"}
        self._running: list[RunningBuild] = []

    def start(self, build: Build) -> RunningBuild:
        """Start building the image.

        Raises:
            HarnessError: there is no docker command.
        """
        log = self._folder / f"{len(self._running)}.log"
        try:
            child = spawn(build_arguments(build, self._secrets), env=self._environ, output=log)
        except CommandError as error:
            hint = "install it (Debian: sudo docker/engine does); an engine alone does not build"
            raise HarnessError(f"the docker command does not run: {error.message}", hint=hint) from error
        running = RunningBuild(build, child, log)
        self._running.append(running)
        return running

    def end(self) -> None:
        """End those that still run; the engine drops what they have not finished."""
        for running in self._running:
            running.end()


class RunningBuild:
    """One build that was started."""

    def __init__(self, build: Build, child: Child, log: Path) -> None:
        self._build = build
        self._child = child
        self._log = log
        self._started = time.monotonic()

    def wait(self) -> BuiltImage:
        """Wait until the image is built and tagged.

        Raises:
            HarnessError: it cannot be built; carries what the failed step said, without credentials.
        """
        status = self._child.wait()
        log = self._log.read_text(encoding="utf-8", errors="replace")
        if status != 0:
            raise translate_failure(self._build, log)
        return BuiltImage(self._build.reference, time.monotonic() - self._started)

    def end(self) -> None:
        """End it if it still runs."""
        end(self._child, _ENDING_SECONDS)


def translate_failure(build: Build, log: str) -> HarnessError:
    """What a failed build means to the user."""
    said = log.lower()
    if "no space left" in said:
        return disk_full()
    if "cannot connect to the docker daemon" in said or "error during connect" in said:
        return HarnessError("the Docker engine went away while it was building", hint=START_HINT)
    if "buildx" in said and ("missing" in said or "unknown command" in said):
        hint = "install Docker's buildx plugin (Debian: sudo docker/engine does)"
        return HarnessError("the docker command has no BuildKit", hint=hint)
    return BuildError(
        f"the image {build.reference} cannot be built",
        log,
        hint=network_hint(log) or "the lines above are the end of what the build said",
        evidence=last_words(log),
    )


def last_words(log: str) -> tuple[str, ...]:
    """The end of what the failing step printed, without BuildKit's own lines and without credentials."""
    found = (_STEP_OUTPUT.match(line) for line in log.splitlines())
    said = (match["said"] for match in found if match)
    return tuple(_CREDENTIALS.sub("****", line) for line in said if not _NOISE.match(line))[-_SHOWN_LINES:]


def _pairs(option: str, values: Mapping[str, str]) -> Iterator[str]:
    for name, value in sorted(values.items()):
        yield from (option, f"{name}={value}")
