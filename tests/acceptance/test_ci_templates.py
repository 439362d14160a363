"""The CI files and the hook that `init --ci` writes: their shell steps are run here as the service would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from uv import find_uv_bin

from tests.environments import COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.workerenv.store import WorkerEnvironment
    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

_GOOD = Path(__file__).parents[1] / "examples/valid/dags-plain/a.py"
_PIP = """#!/bin/sh
[ "$*" = "install mwaa-harness" ] || exit 64
"""
BASH, GIT = (str(shutil.which(name)) for name in ("bash", "git"))
_SHARDS = ("1/2", "2/2")


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """PATH of a CI machine: the harness is what `pip install` would have brought."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "pip").write_text(_PIP, encoding="utf-8")
    (folder / "pip").chmod(0o755)
    (folder / "mwaa-harness").symlink_to(COMMAND)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def place(shared_environment: CommandProject) -> Iterator[CommandProject]:
    """The running environment; what a step leaves in its project goes with the test."""
    yield shared_environment
    (shared_environment.root / "dag-tests.xml").unlink(missing_ok=True)


def initialize(project: CommandProject, parsers: Path, *words: str) -> None:
    project.environ["TMPDIR"] = str(parsers)
    (project.root / "dags" / "a.py").write_text(_GOOD.read_text(encoding="utf-8"), encoding="utf-8")
    project.succeed("init", "--yes", *words)


def read_yaml(file: Path, worker: WorkerEnvironment) -> dict[str, Any]:
    program = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout, default=str)"
    done = subprocess.run(
        [worker.python, "-c", program],
        input=file.read_text(encoding="utf-8"),
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def run_step(line: str, project: CommandProject, programs: str, **variables: str) -> str:
    """Run a step as both services do: bash, ended by the first error."""
    done = subprocess.run(
        [BASH, "-e", "-o", "pipefail", "-c", line],
        cwd=project.root,
        env={**project.environ, "PATH": programs, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_github_workflow_checks_and_runs_the_dags_in_shards(
    make_project: Callable[[str], CommandProject],
    place: CommandProject,
    worker_environment: WorkerEnvironment,
    programs: str,
    parsers: Path,
) -> None:
    project = make_project("on github")
    initialize(project, parsers, "--ci", "github")
    jobs = read_yaml(project.root / ".github/workflows/mwaa.yml", worker_environment)["jobs"]
    steps = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    for job in jobs.values():
        assert any(step.get("uses", "").startswith("actions/cache@") for step in job["steps"])
    for line in steps["check"]:
        run_step(line, project, programs)
    assert jobs["test-dags"]["strategy"]["matrix"]["shard"] == list(_SHARDS)
    passed = 0
    for shard in _SHARDS:
        for line in steps["test-dags"]:
            chosen = line.replace("${{ matrix.shard }}", shard)
            said = run_step(chosen, place, programs, PYTEST_ADDOPTS="-k hello")
            passed += "hello.py" in said
    assert passed == 1, "one machine of the two has the DAG file"


def test_the_gitlab_jobs_check_and_run_the_dags_in_shards(
    make_project: Callable[[str], CommandProject],
    place: CommandProject,
    worker_environment: WorkerEnvironment,
    programs: str,
    parsers: Path,
) -> None:
    project = make_project("on gitlab")
    initialize(project, parsers, "--ci", "gitlab")
    document = read_yaml(project.root / ".gitlab-ci.yml", worker_environment)
    assert ".mwaa/envs" in document[".mwaa"]["cache"]["paths"]
    assert {document[job]["extends"] for job in ("mwaa-check", "mwaa-test-dags")} == {".mwaa"}
    before = document[".mwaa"]["before_script"]
    for line in (*before, *document["mwaa-check"]["script"]):
        run_step(line, project, programs)
    assert json.loads((project.root / "mwaa-check.json").read_text(encoding="utf-8")) == []
    node = {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": str(document["mwaa-test-dags"]["parallel"])}
    for line in (*before, *document["mwaa-test-dags"]["script"]):
        run_step(line, place, programs, **node, PYTEST_ADDOPTS="--collect-only -q")


def test_the_smoke_tests_run_before_a_push(
    make_project: Callable[[str], CommandProject], programs: str, tmp_path: Path, parsers: Path
) -> None:
    project = make_project("pushed")
    initialize(project, parsers)
    config = project.root / ".pre-commit-config.yaml"
    text = config.read_text(encoding="utf-8")
    installed = "language: python\n        additional_dependencies: [mwaa-harness]"
    assert installed in text
    config.write_text(text.replace(installed, "language: system"), encoding="utf-8")
    project.environ |= {
        "PATH": programs,
        "PRE_COMMIT_HOME": str(tmp_path / "hooks"),
        "PYTEST_ADDOPTS": "--collect-only -q",  # the step, without a whole environment behind it
        **{
            f"GIT_{role}_{part}": "test@example.com"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        },
    }

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GIT, *words],
            cwd=project.root,
            env=project.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    git("init", "-q", "-b", "main")
    git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    tool = (find_uv_bin(), "tool", "run", "pre-commit>=4,<5", "install")
    subprocess.run(tool, cwd=project.root, env=project.environ, check=True, capture_output=True)
    git("add", "-A")
    committed = git("commit", "-q", "-m", "first")
    assert committed.returncode == 0, committed.stdout + committed.stderr
    assert "MWAA DAGs" in committed.stdout + committed.stderr
    pushed = git("push", str(tmp_path / "remote.git"), "main")
    said = pushed.stdout + pushed.stderr
    assert pushed.returncode == 0, said
    assert "MWAA smoke tests" in said
    assert "dags/a.py::parses" in said
