"""Plans what `init` writes into an existing repository. Pure: names of files in, texts of new ones out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.project.ci_files import CiService, render_ci_file

if TYPE_CHECKING:
    from collections.abc import Collection

_HOOK = """      - id: {id}
        name: {name}
        entry: mwaa-harness check {check}
        language: python
        additional_dependencies: [mwaa-harness]
        files: {files}
        pass_filenames: {pass_filenames}
        require_serial: true
"""
_MAKE = """# Included by the project's Makefile: include mwaa.mk
.PHONY: mwaa-check mwaa-up mwaa-down mwaa-test

mwaa-check: ## say what would go wrong on MWAA
\tmwaa-harness check

mwaa-up: ## start an environment on this machine
\tmwaa-harness up

mwaa-down: ## stop it
\tmwaa-harness down

mwaa-test: ## run every DAG through it
\tmwaa-harness test-dags
"""
_PRE_PUSH = """      - id: mwaa-test-dags
        name: MWAA smoke tests
        entry: mwaa-harness test-dags
        language: python
        additional_dependencies: [mwaa-harness]
        files: {files}
        pass_filenames: false
        require_serial: true
        stages: [pre-push]
        verbose: true
"""
_GITIGNORE_LINE = ".mwaa/"
_GITLAB_FILE = ".gitlab-ci.yml"
_GITLAB_PART = ".gitlab/mwaa.yml"


@dataclass(frozen=True)
class Layout:
    """Where a repository keeps what MWAA takes; None where it has nothing of the kind.

    Attributes:
        origin: which known layout this is, for people.
    """

    origin: str
    dags_folder: str | None
    plugins_folder: str | None
    requirements_file: str | None
    startup_script: str | None


@dataclass(frozen=True)
class NewFile:
    """A file that `init` would write, and why."""

    path: str
    text: str
    why: str


@dataclass(frozen=True)
class InitPlan:
    """What would be written, what is there already and stays as it is, and what is left to the person."""

    layout: Layout
    new: tuple[NewFile, ...]
    kept: tuple[str, ...]
    advice: tuple[str, ...]


def recognize_layout(files: Collection[str]) -> Layout:
    """The layout of a repository by the paths of its files, relative, with forward slashes."""
    folders = {str(parent) for file in files for parent in PurePosixPath(file).parents} - {"."}
    if "Dockerfile" in files and "packages.txt" in files and "dags" in folders:
        origin = "Astro project"
    elif "mwaa-local-env" in files or "docker/config/airflow.cfg" in files:
        origin = "aws-mwaa-local-runner"
    else:
        origin = "DAG repository"
    return Layout(
        origin,
        _first(folders, ("dags", "src/dags", "airflow/dags", "dag")) or _folder_of_dags(files),
        _first(folders, ("plugins", "src/plugins", "airflow/plugins")),
        _first(
            files,
            (
                "requirements/requirements.txt",
                "dags/requirements.txt",
                "requirements.txt",
                "src/requirements.txt",
                "airflow/requirements.txt",
            ),
        ),
        _first(
            files, ("startup/startup.sh", "startup_script/startup.sh", "startup.sh", "scripts/startup.sh")
        ),
    )


def plan_init(files: Collection[str], name: str, ci: CiService | None = None) -> InitPlan:
    """What to write into a repository; nothing that exists is ever in the plan's `new`.

    Args:
        files: the repository's, relative.
        name: of the repository.
        ci: the service that is to run the checks; None takes the one that the repository uses, else GitHub.
    """
    service = ci or _service_of(files)
    ci_path = _ci_path(service, files)
    layout = recognize_layout(files)
    hooks = render_hooks(layout)
    wanted = (
        NewFile("mwaa.toml", render_settings(layout, name), "the project's settings"),
        NewFile(".pre-commit-config.yaml", hooks, "checks of changed files before each commit"),
        NewFile("mwaa.mk", _MAKE, "make targets; include it in a Makefile"),
        NewFile(ci_path, render_ci_file(service, layout.requirements_file), "checks and DAG tests in CI"),
        NewFile(".gitignore", f"{_GITIGNORE_LINE}\n", "keeps the state folder out of git"),
    )
    advice = []
    if ".pre-commit-config.yaml" in files:
        advice.append("add to .pre-commit-config.yaml:\n" + hooks.partition("repos:\n")[2])
    if ci_path == _GITLAB_PART:
        advice.append(f"add to {_GITLAB_FILE}:\ninclude:\n  - local: {_GITLAB_PART}")
    if not {".pre-commit-config.yaml"} & set(files):
        advice.append("have git run the hooks: pre-commit install")
    if ".gitignore" in files:
        advice.append(f"add the line {_GITIGNORE_LINE} to .gitignore")
    if "Makefile" in files:
        advice.append("add the line `include mwaa.mk` to the Makefile")
    return InitPlan(
        layout,
        tuple(file for file in wanted if file.path not in files),
        tuple(file.path for file in wanted if file.path in files),
        tuple(advice),
    )


def render_hooks(layout: Layout) -> str:
    """The text of .pre-commit-config.yaml: one local hook for each thing that the repository has."""
    hooks = [
        ("mwaa-dags", "MWAA DAGs", "dags", f"^{layout.dags_folder or 'dags'}/.*\\.py$", "true"),
        ("mwaa-configuration", "MWAA configuration options", "configuration", "^mwaa\\.toml$", "false"),
    ]
    if layout.requirements_file:
        files = "^" + layout.requirements_file.replace(".", "\\.") + "$"
        hooks.append(("mwaa-requirements", "MWAA requirements", "requirements", files, "false"))
    if layout.plugins_folder:
        hooks.append(("mwaa-plugins", "MWAA plugins", "plugins", f"^{layout.plugins_folder}/", "false"))
    if layout.startup_script:
        files = "^" + layout.startup_script.replace(".", "\\.") + "$"
        hooks.append(("mwaa-startup-script", "MWAA startup script", "startup-script", files, "false"))
    rendered = (
        _HOOK.format(id=id_, name=name, check=check, files=files, pass_filenames=passed)
        for id_, name, check, files, passed in hooks
    )
    kept = (layout.dags_folder or "dags", layout.plugins_folder, layout.requirements_file)
    tested = "^(" + "|".join(re.escape(path) for path in kept if path) + ")"
    head = "default_install_hook_types: [pre-commit, pre-push]\nrepos:\n  - repo: local\n    hooks:\n"
    return head + "".join(rendered) + _PRE_PUSH.format(files=tested)


def _service_of(files: Collection[str]) -> CiService:
    return CiService.GITLAB if _GITLAB_FILE in files else CiService.GITHUB


def _ci_path(service: CiService, files: Collection[str]) -> str:
    if service is CiService.GITHUB:
        return ".github/workflows/mwaa.yml"
    return _GITLAB_PART if _GITLAB_FILE in files else _GITLAB_FILE


def render_settings(layout: Layout, name: str) -> str:
    """The text of mwaa.toml: only what differs from the defaults."""
    lines = [
        "# What MWAA would be told, and where this repository keeps things. See: mwaa-harness config show",
        "",
    ]
    lines += ["[environment]", f'name = "{_environment_name(name)}"', 'airflow_version = "2.5.1"', ""]
    lines.append("[local]")
    for key, value, default in (
        ("dags_folder", layout.dags_folder, "dags"),
        ("plugins_folder", layout.plugins_folder, "plugins"),
        ("requirements_file", layout.requirements_file, "requirements/requirements.txt"),
        ("startup_script", layout.startup_script, "startup/startup.sh"),
    ):
        if value is not None and value != default:
            lines.append(f'{key} = "{value}"')
    return "\n".join(lines) + "\n"


def _first(there: Collection[str], candidates: tuple[str, ...]) -> str | None:
    return next((candidate for candidate in candidates if candidate in there), None)


def _folder_of_dags(files: Collection[str]) -> str | None:
    """The folder called dags that is nearest to the root."""
    found = sorted(
        (
            str(parent)
            for file in files
            if file.endswith(".py")
            for parent in PurePosixPath(file).parents
            if parent.name == "dags"
        ),
        key=lambda folder: (folder.count("/"), folder),
    )
    return found[0] if found else None


def _environment_name(name: str) -> str:
    """A name that MWAA takes: a letter first, then letters, digits, - and _, 80 at most."""
    kept = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in name
    )
    trimmed = kept.lstrip("-_0123456789")[:80]
    return trimmed or "mwaa-local"
