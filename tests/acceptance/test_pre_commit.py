"""The commit hooks from another team's repository, through pre-commit itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from harness.config.model import LocalSettings
from harness.project.layout import locate_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests" / "examples"
_IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
_SECONDS = 600


class Repository:
    """A git repository of the test's own."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self.environ = dict(environ)
        root.mkdir(parents=True, exist_ok=True)
        self.run("git", "init", "-q")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        self.run("git", "add", "-A")
        self.run("git", *_IDENTITY, "commit", "-q", "-m", "as it is")

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, fenced_environ: Mapping[str, str]) -> Path:
    """The harness as pre-commit would clone it."""
    root = tmp_path_factory.mktemp("shipped") / "mwaa-harness"
    shutil.copytree(ROOT, root, symlinks=True, ignore=_leave_out)
    Repository(root, fenced_environ).commit()
    return root


def _leave_out(folder: str, names: list[str]) -> set[str]:
    """State, environments and tests; of the root's folders hidden ones."""
    hidden = {name for name in names if name.startswith(".") and (Path(folder) / name).is_dir()}
    left_out = {"tests", "benchmarks", "node_modules"} if Path(folder) == ROOT else set()
    return {*hidden, *left_out.intersection(names), *({"__pycache__"} & set(names))}


def test_every_hook_judges_what_changed_in_a_foreign_repository(
    shipped: Path,
    worker_environment: WorkerEnvironment,
    tmp_path: Path,
    fenced_environ: Mapping[str, str],
    parsers: Path,
) -> None:
    environ = {**fenced_environ, "PRE_COMMIT_HOME": str(tmp_path / "hooks"), "TMPDIR": str(parsers)}
    theirs = Repository(tmp_path / "their repository", environ)
    bad = (EXAMPLES / "invalid/dags-queue-default/a.py").read_text(encoding="utf-8")
    good = (EXAMPLES / "valid/dags-plain/a.py").read_text(encoding="utf-8")
    theirs.write(".gitignore", ".mwaa/\n")
    theirs.write("dags/old.py", bad.replace('"example"', '"old"'))
    theirs.commit()
    environments = locate_project(theirs.root, LocalSettings()).state.worker_environments
    environments.mkdir(parents=True)
    (environments / worker_environment.path.name).symlink_to(worker_environment.path)
    theirs.write("dags/new.py", bad.replace('"example"', '"new"'))
    theirs.write("dags/good.py", good.replace('"example"', '"good"'))
    theirs.write("plugins/broken.py", "import nothing_at_all\n")
    theirs.write("startup/startup.sh", "if true; then\n")
    theirs.write("mwaa.toml", '[environment.airflow_configuration_options]\n"core.parallelism" = "many"\n')
    theirs.run("git", "add", "-A")

    tool = (find_uv_bin(), "tool", "run", "pre-commit>=4,<5")
    done = subprocess.run(
        [*tool, "try-repo", str(shipped), "--color=never"],
        cwd=theirs.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )

    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    verdicts = {
        line.partition("...")[0]: line.rpartition(".")[2] for line in said.splitlines() if "....." in line
    }
    assert verdicts == {
        "MWAA DAGs": "Failed",
        "MWAA requirements": "(no files to check)Skipped",
        "MWAA plugins": "Failed",
        "MWAA startup script": "Failed",
        "MWAA configuration options": "Failed",
    }, said
    for words in (
        "dags/new.py:7:5: error: ",
        "plugins/broken.py:1:1: error: ",
        "startup/startup.sh:1:1: error: ",
        "mwaa.toml:2: error: ",
    ):
        assert words in said, said
    assert "dags/old.py" not in said
    assert "dags/good.py:" not in said


def test_the_requirements_hook_judges_the_file(
    shipped: Path, tmp_path: Path, fenced_environ: Mapping[str, str]
) -> None:
    """Its own command, as the hook has it: the hook's environment is the one of the test above."""
    hooks = (shipped / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entry = hooks.partition("id: mwaa-requirements")[2].partition("entry: ")[2].splitlines()[0].split()
    theirs = Repository(tmp_path / "theirs", fenced_environ)
    theirs.write("requirements/requirements.txt", "./local-package\n")
    command = [str(Path(find_uv_bin()).with_name(entry[0])), *entry[1:]]
    done = subprocess.run(
        command, cwd=theirs.root, env=theirs.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "requirements/requirements.txt:1:1: error: " in done.stdout
