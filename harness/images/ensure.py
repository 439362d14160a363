"""Having the images of an environment: present ones are kept, others pulled, stood in for, or built."""

from __future__ import annotations

import os
import platform
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from harness.errors import HarnessError
from harness.events import Notice, StepFinished, StepProgressed, StepStarted, Warned
from harness.images.airflow_image import base_fingerprint, prepare_base
from harness.images.building import open_builds
from harness.images.engine import find_image, open_engine, remove_replaced
from harness.images.package_settings import read_package_settings
from harness.images.project_image import build_project, project_fingerprint, project_image
from harness.images.pulling import pull_all, require_any_way
from harness.images.references import FINGERPRINT_LABEL, STAND_IN_LABEL, BaseImage, airflow_image
from harness.images.stand_ins import prepare_build, prepare_stand_ins, stand_in_fingerprint
from harness.workerenv.matrix import support_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docker import DockerClient

    from harness.config.model import Settings
    from harness.events import EventSink
    from harness.images.building import Builds, RunningBuild
    from harness.images.engine import FoundImage
    from harness.images.package_settings import PackageSettings
    from harness.project.layout import Project
    from harness.workerenv.matrix import SupportRow

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Origin(str, Enum):
    """How an image came to be here."""

    PUBLISHED = "published"
    STAND_IN = "stand-in"
    BUILT = "built"


@dataclass(frozen=True)
class ImageReport:
    """One image of an environment, as it is now; `size` counts bytes, of the layers it shares too."""

    reference: str
    origin: Origin
    id: str
    size: int


@dataclass(frozen=True)
class Images:
    """The images that run a project."""

    airflow: str
    postgres: str
    localstack: str
    reports: tuple[ImageReport, ...] = ()


def ensure_images(
    project: Project, settings: Settings, environ: Mapping[str, str], events: EventSink
) -> Images:
    """The images of `project` as it is now; what is missing or out of date is pulled or built first.

    Raises:
        HarnessError: no engine answers, an image can neither be pulled nor made, or a build failed.
        UsageError: a line of the requirements file is wrong, or the Airflow version is not supported.
    """
    row = support_row(settings.environment.airflow_version)
    wanted = project_image(project, settings)
    references = tuple(dict.fromkeys((*(image.reference for image in BaseImage), airflow_image(row), wanted)))
    try:
        with open_engine(environ) as client, _one_at_a_time(events), _scratch(project) as folder:
            before = {reference: find_image(client, reference) for reference in references}
            making = _Making(client, folder, environ, events)
            making.ensure_base_images(row)
            if wanted != airflow_image(row):
                making.ensure_project(project, settings, row, wanted)
            reports = tuple(report(client, reference) for reference in references)
            _remove_replaced(client, before, reports)
    except OSError as error:
        raise HarnessError(
            f"images cannot be put together in {project.state.cache}: {error.strerror or error}",
            hint="the folder must be writable, and its disk needs about two gigabytes meanwhile",
        ) from error
    return Images(wanted, BaseImage.POSTGRES.reference, BaseImage.LOCALSTACK.reference, reports)


def _remove_replaced(
    client: DockerClient, before: Mapping[str, FoundImage | None], reports: Sequence[ImageReport]
) -> None:
    for entry in reports:
        replaced = before[entry.reference]
        if replaced is not None and replaced.id != entry.id:
            remove_replaced(client, replaced)


def report(client: DockerClient, reference: str) -> ImageReport:
    """What the engine says about the image `reference`.

    Raises:
        HarnessError: it is gone.
    """
    found = find_image(client, reference)
    if found is None:
        raise HarnessError(f"the image {reference} is gone again", hint="run `mwaa-harness images` once more")
    origin = Origin.PUBLISHED
    if FINGERPRINT_LABEL in found.labels:
        # Labels are inherited: what was built on a stand-in says that it is one, of something else.
        stands_in = found.labels.get(STAND_IN_LABEL) == reference
        origin = Origin.STAND_IN if stands_in else Origin.BUILT
    return ImageReport(reference, origin, found.id, found.size)


class _Making:
    """One pass over the images, with what it needs at hand."""

    def __init__(
        self, client: DockerClient, folder: Path, environ: Mapping[str, str], events: EventSink
    ) -> None:
        self._client = client
        self._folder = folder
        self._environ = environ
        self._events = events

    def ensure_base_images(self, row: SupportRow) -> None:
        missing = [image for image in BaseImage if not is_fresh(image, self._find(image.reference))]
        refused = self._pull(missing) if missing else {}
        if refused:
            try:
                self._require_own_architecture()
                prepare_stand_ins(tuple(refused), self._folder, self._environ, self._events)
            except HarnessError as error:
                raise require_any_way(refused, error) from error
            self._build(tuple(refused), row)
        elif self._stale_airflow(row):
            self._build((), row)

    def ensure_project(self, project: Project, settings: Settings, row: SupportRow, reference: str) -> None:
        base = self._find(airflow_image(row))
        label = project_fingerprint(reference, "" if base is None else base.id)
        if _has(self._find(reference), label):
            return
        self._events(StepStarted(reference, f"installing {project.requirements_file.name}"))
        built = build_project(project, settings, label, self._folder / "project", self._environ)
        self._events(StepFinished(reference, "built", seconds=built.seconds))

    def _build(self, stood_in_for: Sequence[BaseImage], row: SupportRow) -> None:
        with open_builds(self._package_settings(), self._environ) as builds:
            running: list[RunningBuild] = []
            # The interpreter comes first: the Airflow image waits for nothing else.
            for image in sorted(stood_in_for, key=lambda image: image is not BaseImage.PYTHON):
                self._events(StepProgressed(image.reference, "making the stand-in"))
                build = prepare_build(self._client, image, self._folder, self._environ)
                running.append(builds.start(build))
                if image is BaseImage.PYTHON:
                    self._finish(running.pop())
                    running += self._start_airflow(row, builds)
            if BaseImage.PYTHON not in stood_in_for:
                running += self._start_airflow(row, builds)
            for started in running:
                self._finish(started)

    def _start_airflow(self, row: SupportRow, builds: Builds) -> Iterator[RunningBuild]:
        if name := self._stale_airflow(row):
            detail = f"Airflow {row.airflow_version} on {BaseImage.PYTHON.reference}"
            self._events(StepStarted(airflow_image(row), detail))
            yield builds.start(prepare_base(row, name, self._folder / "airflow"))

    def _finish(self, running: RunningBuild) -> None:
        built = running.wait()
        self._events(StepFinished(built.reference, "built", seconds=built.seconds))

    def _stale_airflow(self, row: SupportRow) -> str | None:
        """The fingerprint that the Airflow image should have and has not."""
        python = self._find(BaseImage.PYTHON.reference)
        if python is None:
            raise HarnessError(
                f"{BaseImage.PYTHON.reference} is gone again", hint="run the command once more"
            )
        name = base_fingerprint(row, python)
        return None if _has(self._find(airflow_image(row)), name) else name

    def _pull(self, missing: Sequence[BaseImage]) -> Mapping[BaseImage, str]:
        for image in missing:
            self._events(StepStarted(image.reference, "asking its registry"))
        reasons = pull_all(self._client, missing, self._environ, self._events)
        for image, reason in reasons.items():
            if reason is None:
                self._events(StepFinished(image.reference, "pulled"))
        refused = {image: reason for image, reason in reasons.items() if reason is not None}
        if refused:
            listed = ", ".join(image.reference for image in refused)
            first = next(iter(refused.values()))
            self._events(
                Notice(f"{listed}: no registry has them ({first}); making stand-ins from Debian and PyPI")
            )
        return refused

    def _find(self, reference: str) -> FoundImage | None:
        return find_image(self._client, reference)

    def _package_settings(self) -> PackageSettings:
        settings = read_package_settings(self._environ)
        if settings.unreachable:
            listed = ", ".join(settings.unreachable)
            self._events(
                Warned(f"builds of images cannot see folders of this machine and do without: {listed}")
            )
        return settings

    def _require_own_architecture(self) -> None:
        engine = str(self._client.version().get("Arch", ""))
        machine = _ARCHITECTURES.get(platform.machine(), platform.machine())
        if engine != machine:
            raise HarnessError(
                f"the engine runs {engine} images, and stand-ins made here would be for {machine}",
                hint="run `mwaa-harness images` on the engine's machine, or let the engine reach a registry",
            )


def is_fresh(image: BaseImage, found: FoundImage | None) -> bool:
    """Whether the image that is there will do: the published one does, a stand-in when made as today."""
    if found is None:
        return False
    return STAND_IN_LABEL not in found.labels or _has(found, stand_in_fingerprint(image))


def _has(found: FoundImage | None, name: str) -> bool:
    return found is not None and found.labels.get(FINGERPRINT_LABEL) == name


@contextmanager
def _one_at_a_time(events: EventSink) -> Iterator[None]:
    # The engine is the machine's, so builders of different projects would do the same work twice.
    lock = FileLock(Path(tempfile.gettempdir()) / f"mwaa-harness-images-{os.getuid()}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        events(Notice("images are being made by another command already; waiting for that"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _scratch(project: Project) -> Iterator[Path]:
    # Not the system's temporary folder: that is often in memory, and root file systems are large.
    project.state.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=project.state.cache, prefix="images-") as folder:
        yield Path(folder)
