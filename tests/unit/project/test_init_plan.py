from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.config.load import load_settings
from harness.project.ci_files import CiService
from harness.project.init_plan import plan_init, recognize_layout, render_settings

if TYPE_CHECKING:
    from pathlib import Path

_ASTRO = ["Dockerfile", "packages.txt", "requirements.txt", "dags/a.py", "plugins/b.py", "include/c.sql"]
_LOCAL_RUNNER = [
    "mwaa-local-env",
    "docker/config/airflow.cfg",
    "dags/example_dag.py",
    "plugins/README.md",
    "requirements/requirements.txt",
    "startup_script/startup.sh",
]


@pytest.mark.parametrize(
    ("files", "origin", "dags", "requirements", "startup"),
    [
        (_ASTRO, "Astro project", "dags", "requirements.txt", None),
        (
            _LOCAL_RUNNER,
            "aws-mwaa-local-runner",
            "dags",
            "requirements/requirements.txt",
            "startup_script/startup.sh",
        ),
        (["team/jobs/dags/x.py"], "DAG repository", "team/jobs/dags", None, None),
        (["README.md"], "DAG repository", None, None, None),
    ],
)
def test_common_layouts_are_recognized(
    files: list[str], origin: str, dags: str | None, requirements: str | None, startup: str | None
) -> None:
    layout = recognize_layout(files)
    found = (layout.origin, layout.dags_folder, layout.requirements_file, layout.startup_script)
    assert found == (origin, dags, requirements, startup)


def test_what_exists_is_never_written() -> None:
    plan = plan_init(["mwaa.toml", "Makefile", ".gitignore", "dags/a.py"], "repository")
    assert {file.path for file in plan.new} == {
        ".pre-commit-config.yaml",
        "mwaa.mk",
        ".github/workflows/mwaa.yml",
    }
    assert plan.kept == ("mwaa.toml", ".gitignore")
    assert any("include mwaa.mk" in advice for advice in plan.advice)


@pytest.mark.parametrize(
    ("files", "ci", "path"),
    [
        ([], None, ".github/workflows/mwaa.yml"),
        ([], CiService.GITLAB, ".gitlab-ci.yml"),
        ([".gitlab-ci.yml"], None, ".gitlab/mwaa.yml"),
        ([".gitlab-ci.yml"], CiService.GITHUB, ".github/workflows/mwaa.yml"),
    ],
)
def test_the_ci_file_is_that_of_the_service(files: list[str], ci: CiService | None, path: str) -> None:
    plan = plan_init(files, "repository", ci)
    assert path in {file.path for file in plan.new}
    assert (".gitlab/mwaa.yml" in " ".join(plan.advice)) == (path == ".gitlab/mwaa.yml")


@pytest.mark.parametrize("name", ["orders", "2024 (Reports)", "ünïcode", "", "a" * 200])
def test_the_settings_written_are_valid(name: str, tmp_path: Path) -> None:
    (tmp_path / "mwaa.toml").write_text(
        render_settings(recognize_layout(_LOCAL_RUNNER), name), encoding="utf-8"
    )
    settings = load_settings(tmp_path, {}, {}).settings
    assert settings.local.startup_script == "startup_script/startup.sh"
