"""`images`: having the container images of the project's environment, and carrying them to other machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.quantities import describe_bytes
from harness.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.cli.answer_format import AnswerFormat
    from harness.cli.invocation import Invocation
    from harness.images.ensure import ImageReport


def images(
    invocation: Invocation, *, export_to: Path | None, import_from: Path | None, answer: AnswerFormat
) -> int:
    """Have every image, or load them from `import_from`; write them to `export_to` when that is given."""
    if export_to is not None and import_from is not None:
        raise UsageError(
            "--export and --import are opposites",
            hint="export on the machine that has the images, import on the one that lacks them",
        )
    reports = _ensure(invocation, export_to) if import_from is None else _load(invocation, import_from)
    _print(invocation, reports, answer)
    return ExitStatus.SUCCESS


def _ensure(invocation: Invocation, export_to: Path | None) -> tuple[ImageReport, ...]:
    from harness.images.archive import export_images
    from harness.images.ensure import ensure_images
    from harness.project.layout import locate_project

    settings = invocation.load_settings().settings
    project = locate_project(invocation.root, settings.local)
    with invocation.console.progress() as events:
        reports = ensure_images(project, settings, invocation.environ, events).reports
        if export_to is not None:
            references = tuple(report.reference for report in reports)
            target = invocation.working_folder / export_to.expanduser()
            export_images(references, target, invocation.environ, events)
    return reports


def _load(invocation: Invocation, source: Path) -> tuple[ImageReport, ...]:
    from harness.images.archive import import_images
    from harness.images.engine import open_engine
    from harness.images.ensure import report

    path = invocation.working_folder / source.expanduser()
    with invocation.console.progress() as events, open_engine(invocation.environ) as client:
        return tuple(report(client, reference) for reference in import_images(client, path, events))


def _print(invocation: Invocation, reports: Iterable[ImageReport], answer: AnswerFormat) -> None:
    if answer.is_json:
        invocation.console.json(
            [
                {
                    "reference": entry.reference,
                    "origin": entry.origin.value,
                    "id": entry.id,
                    "size_bytes": entry.size,
                }
                for entry in reports
            ]
        )
        return
    rows = [(entry.reference, entry.origin.value, describe_bytes(entry.size)) for entry in reports]
    invocation.console.table(("image", "origin", "size"), rows)
