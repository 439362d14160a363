"""The command as a person runs it: files in, exit status and text out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sarif import expect_sarif

URL = "https://raw.githubusercontent.com/apache/airflow/constraints-2.5.1/constraints-3.10.txt"
CONSTRAINT = f'--constraint "{URL}"\n'
HARNESS = Path(sys.executable).with_name("mwaa-harness")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "mwaa.toml").write_text("", "utf-8")
    return tmp_path


def _write(project: Path, text: str) -> Path:
    file = project / "requirements" / "requirements.txt"
    file.write_text(text, "utf-8")
    return file


def _check(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HARNESS, "check", "requirements", *arguments],
        cwd=project,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_pin_against_the_constraints_shows_both_lines(project: Path) -> None:
    _write(project, CONSTRAINT + "pandas==2.0.3\n")
    done = _check(project, "--offline")
    assert done.returncode == 1
    assert "requirements/requirements.txt:2:7: error" in done.stdout
    assert "      |       ^^^^^^^" in done.stdout
    assert "constraint: pandas==1.5.2" in done.stdout


def test_offline_says_what_was_skipped_and_never_passed(project: Path) -> None:
    _write(project, CONSTRAINT + "pandas\n")
    done = _check(project, "--offline")
    assert done.returncode == 0
    assert "skipped: " in done.stdout
    assert "needs the index" in done.stdout
    assert "requirements: passed:" not in done.stdout


def test_without_a_network_the_rest_is_skipped_too(project: Path, tmp_path: Path) -> None:
    _write(project, CONSTRAINT + "pydash==5.1.2\npandas==2.0.3\n")
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_CACHE_DIR": str(tmp_path / "cache")}
    done = _check(project, **nowhere)
    assert done.returncode == 1
    assert "[pin-conflicts-with-constraint]" in done.stdout
    assert "needs the index" in done.stdout


def test_a_missing_file_is_wrong_use(project: Path) -> None:
    done = _check(project)
    assert done.returncode == 2
    assert "hint:" in done.stderr


def test_every_format_can_be_asked_for(project: Path) -> None:
    _write(project, "pandas==2.0.3\n-e ./x\n")
    assert json.loads(_check(project, "--offline", "--format", "json").stdout)["version"] == 1
    expect_sarif(_check(project, "--offline", "--format", "sarif").stdout)
    assert "<testsuites" in _check(project, "--offline", "--format", "junit").stdout
    assert "::error " in _check(project, "--offline", "--format", "github").stdout


def test_a_rule_is_explained(project: Path) -> None:
    done = _check(project, "--explain", "constraints-missing")
    assert done.returncode == 0
    assert done.stdout.startswith("# constraints-missing")
    assert _check(project, "--explain", "no-such-rule").returncode == 2


def test_a_hostile_file_runs_nothing_and_reveals_nothing(project: Path) -> None:
    trap = project / "trap"
    package = project / "package"
    package.mkdir()
    (package / "setup.py").write_text(f"open({str(trap)!r}, 'w').close()\n", "utf-8")
    secret = "hunter2"
    _write(
        project,
        f"-e ./package\n./package\nfile://{package}\n-r /etc/passwd\n-r ../../../../etc/passwd\n"
        f"$(touch {trap})\n--index-url https://me:{secret}@127.0.0.1:9/simple\n",
    )
    done = _check(project)
    assert not trap.exists()
    assert "root:" not in done.stdout
    assert secret not in done.stdout + done.stderr


@pytest.mark.network
def test_a_conflict_deep_in_a_chain_is_named_and_fixed(project: Path) -> None:
    file = _write(project, CONSTRAINT + "# models\ndbt-core==1.3.2  # pinned by analytics\npandas\n")
    done = _check(project)
    assert done.returncode == 1
    assert "dbt-core==1.3.2 needs colorama<0.4.6" in done.stdout
    assert "the constraints pin colorama==0.4.6" in done.stdout
    assert "these lines resolve: line 3: dbt-core==1.4" in done.stdout
    fixed = _check(project, "--fix")
    assert fixed.returncode == 0, fixed.stdout
    text = file.read_text("utf-8")
    assert text.startswith(CONSTRAINT + "# models\ndbt-core==1.4")
    assert text.endswith("  # pinned by analytics\npandas\n")


@pytest.mark.network
def test_an_unchanged_file_keeps_its_verdict_and_a_changed_one_does_not(project: Path) -> None:
    _write(project, CONSTRAINT + "requests\n")
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}
    first = _check(project)
    assert first.returncode == 0, first.stdout
    kept = list((project / ".mwaa" / "cache" / "requirements" / "verdicts").iterdir())
    assert len(kept) == 1
    stamp = kept[0].stat().st_mtime_ns
    assert _check(project).returncode == 0
    assert kept[0].stat().st_mtime_ns == stamp
    _write(project, CONSTRAINT + "requests==2.31.0\n")
    assert _check(project).returncode == 1
    assert "needs the index" not in _check(project, "--offline", **nowhere).stdout.splitlines()[0]


def test_a_kept_verdict_is_repeated_without_loading_the_command_line(project: Path) -> None:
    _write(project, "# nothing yet\n")
    first = _check(project)
    program = (
        "import sys; sys.argv = ['mwaa-harness', 'check', 'requirements']; "
        "from harness.cli.entry import main; sys.exit(main() or 'click' in sys.modules)"
    )
    again = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=False, timeout=300
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.partition(" (")[0] == first.stdout.partition(" (")[0]


@pytest.mark.network
def test_what_would_change_is_listed_and_airflow_is_protected(project: Path) -> None:
    _write(project, "apache-airflow==2.5.3\n")
    done = _check(project)
    assert done.returncode == 1
    assert "apache-airflow 2.5.1 → 2.5.3 [changes-airflow]" in done.stdout


@pytest.mark.network
def test_a_lock_pins_everything_with_hashes(project: Path) -> None:
    _write(project, CONSTRAINT + "xmltodict\n")
    done = subprocess.run(
        [HARNESS, "requirements", "lock"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    text = (project / "requirements" / "requirements.lock.txt").read_text("utf-8")
    assert "xmltodict==0.13.0 \\\n    --hash=sha256:" in text


@pytest.mark.network
@pytest.mark.environment
@pytest.mark.slow
def test_a_package_installs_with_the_network_cut(project: Path) -> None:
    _write(project, CONSTRAINT + "apache-airflow-providers-slack==7.2.0\nxmltodict\n")
    done = subprocess.run(
        [HARNESS, "requirements", "package"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    text = (project / "build" / "mwaa" / "requirements.txt").read_text("utf-8")
    assert "--find-links /usr/local/airflow/plugins\n--no-index\n" in text
    assert "xmltodict==0.13.0" in text
