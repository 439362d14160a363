from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.config.model import Settings
from harness.errors import UsageError
from harness.images.airflow_image import base_fingerprint
from harness.images.engine import FoundImage
from harness.images.ensure import is_fresh
from harness.images.project_image import project_image
from harness.images.references import FINGERPRINT_LABEL, STAND_IN_LABEL, BaseImage
from harness.images.stand_ins import stand_in_fingerprint
from harness.project.layout import Project, locate_project
from harness.workerenv.matrix import support_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IMAGE = FoundImage("sha256:1", 1, {}, "amd64", ())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locate_project(tmp_path, Settings().local)


def require(project: Project, text: str) -> None:
    project.requirements_file.parent.mkdir(exist_ok=True)
    project.requirements_file.write_text(text, encoding="utf-8")


def test_project_without_requirements_runs_the_shared_image(project: Project) -> None:
    assert project_image(project, Settings()) == "mwaa-harness/airflow:2.5.1"
    require(project, "# nothing yet\n")
    assert project_image(project, Settings()) == "mwaa-harness/airflow:2.5.1"


def test_image_is_named_after_the_environment_and_its_requirements(project: Project) -> None:
    settings = Settings()
    settings = replace(settings, environment=replace(settings.environment, name="My_Env-2"))
    require(project, "requests\n")
    first = project_image(project, settings)
    require(project, "requests==2.28.2\n")
    assert first.startswith("mwaa-harness/my-env-2:")
    assert project_image(project, settings) != first
    require(project, "requests\n")
    assert project_image(project, settings) == first


def test_included_file_decides_too(project: Project) -> None:
    require(project, "-r more.txt\n")
    more = project.requirements_file.with_name("more.txt")
    more.write_text("requests\n", encoding="utf-8")
    first = project_image(project, Settings())
    more.write_text("httpx\n", encoding="utf-8")
    assert project_image(project, Settings()) != first


def test_file_outside_the_project_cannot_be_built_in(project: Project, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.txt"
    outside.write_text("requests\n", encoding="utf-8")
    require(project, f"-r {outside}\n")
    with pytest.raises(UsageError, match="outside the project"):
        project_image(project, Settings())


def test_other_interpreter_image_makes_another_airflow_image() -> None:
    row = support_row("2.5.1")
    assert base_fingerprint(row, IMAGE) == base_fingerprint(row, IMAGE)
    assert base_fingerprint(row, IMAGE) != base_fingerprint(row, replace(IMAGE, id="sha256:2"))


@pytest.mark.parametrize(
    ("labels", "fresh"),
    [
        ({}, True),
        ({STAND_IN_LABEL: "postgres:15", FINGERPRINT_LABEL: stand_in_fingerprint(BaseImage.POSTGRES)}, True),
        ({STAND_IN_LABEL: "postgres:15", FINGERPRINT_LABEL: "of an older recipe"}, False),
    ],
)
def test_published_images_stay_and_old_stand_ins_go(labels: Mapping[str, str], *, fresh: bool) -> None:
    assert is_fresh(BaseImage.POSTGRES, replace(IMAGE, labels=labels)) is fresh
    assert not is_fresh(BaseImage.POSTGRES, None)


def test_every_published_image_has_a_stand_in() -> None:
    assert len({stand_in_fingerprint(image) for image in BaseImage}) == len(BaseImage)
