"""`check dags` as a person types it: files in; exit status, standard output and standard error out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.network, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class CheckedProject:
    """A project with one good and one bad file, and the command in it."""

    root: Path
    environ: Mapping[str, str]

    def check(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "harness", "check", *words],
            cwd=self.root,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, fenced_environ: Mapping[str, str]
) -> Iterator[CheckedProject]:
    root = tmp_path_factory.mktemp("check dags")
    temporary = tmp_path_factory.mktemp("t")
    for folder, example in (("good", "valid/dags-plain"), ("bad", "invalid/dags-queue-default")):
        target = root / "dags" / f"{folder}.py"
        target.parent.mkdir(exist_ok=True)
        text = (EXAMPLES / example / "a.py").read_text(encoding="utf-8")
        target.write_text(text.replace('"example"', f'"{folder}"'), encoding="utf-8")
    (root / "mwaa.toml").touch()
    yield CheckedProject(root, {**fenced_environ, "TMPDIR": str(temporary)})
    for socket in temporary.glob("*/*.sock"):
        socket.unlink()  # its parser notices and leaves


def test_a_bad_file_fails_the_check_and_is_named_with_its_line(project: CheckedProject) -> None:
    done = project.check("dags")
    assert done.returncode == 1, done.stderr
    assert "dags/bad.py:7:5: error: " in done.stdout
    assert "[unknown-queue]" in done.stdout
    assert "good.py:" not in done.stdout


def test_a_good_file_passes(project: CheckedProject) -> None:
    done = project.check("dags", "dags/good.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_quick_way_and_the_usual_way_say_the_same(project: CheckedProject) -> None:
    project.check("dags")
    quick = project.check("dags")
    usual = project.check("dags", "--format", "text")
    cold = project.check("dags", "--cold")
    reports = [done.stdout.rpartition("dags: ")[0] for done in (quick, usual, cold)]
    assert reports[0] == reports[1] == reports[2]
    assert quick.returncode == usual.returncode == cold.returncode == 1


def test_an_edit_is_noticed_by_the_quick_way(project: CheckedProject) -> None:
    file = project.root / "dags" / "edited.py"
    file.write_text("# an airflow dag\n", encoding="utf-8")
    assert project.check("dags", "dags/edited.py").returncode == 0
    file.write_text("# an airflow dag\nimport nothing_at_all\n", encoding="utf-8")
    done = project.check("dags", "dags/edited.py")
    file.unlink()
    assert done.returncode == 1
    assert "dags/edited.py:2:1: error: ModuleNotFoundError" in done.stdout


def test_an_edit_of_the_settings_is_noticed_by_the_quick_way(project: CheckedProject) -> None:
    project.check("dags", "dags/good.py")
    settings = project.root / "mwaa.toml"
    settings.write_text("nonsense = 1\n", encoding="utf-8")
    done = project.check("dags", "dags/good.py")
    settings.write_text("", encoding="utf-8")
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.parametrize("words", [("dags", "dags/missing.py"), ("dags", "--shard", "3/2")])
def test_wrong_use_is_explained(words: tuple[str, ...], project: CheckedProject) -> None:
    done = project.check(*words)
    assert done.returncode == 2
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_json_report_counts_shards(project: CheckedProject) -> None:
    subjects = []
    for shard in ("1/2", "2/2"):
        done = project.check("dags", "--format", "json", "--shard", shard)
        subjects += json.loads(done.stdout)["results"][0]["subjects"]
    assert sorted(subjects) == ["dags/bad.py", "dags/good.py"]


def test_the_page_shows_graphs_and_findings(project: CheckedProject) -> None:
    done = project.check("dags", "--html", "page.html")
    page = (project.root / "page.html").read_text(encoding="utf-8")
    assert done.returncode == 1
    assert "<svg" in page
    assert "unknown-queue" in page
    assert "http" not in page.partition("<h2>Findings")[0]


def test_all_checks_together_give_one_report(project: CheckedProject) -> None:
    done = project.check("--format", "json")
    checks = [result["check"] for result in json.loads(done.stdout)["results"]]
    assert checks == ["requirements", "dags", "plugins", "startup-script", "configuration"]


def test_the_startup_script_runs_before_the_requirements_are_installed(project: CheckedProject) -> None:
    for name, text in (
        ("requirements/requirements.txt", "cowsay==6.1\n"),
        ("startup/startup.sh", "python3 -c 'import airflow'\npython3 -c 'import cowsay'\n"),
    ):
        file = project.root / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    done = project.check("startup-script", "--format", "json")
    (finding,) = json.loads(done.stdout)["results"][0]["findings"]
    assert (finding["rule"], finding["location"]["line"]) == ("startup-script-fails", 2)
    assert "No module named 'cowsay'" in "".join(finding["details"])
