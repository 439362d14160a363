from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.console import Console
from harness.cli.interruption import interruptible
from harness.cli.main import main
from harness.config.reserved_options import BLOCKED_OPTIONS

HEAVY = ("airflow", "boto3", "botocore.session", "docker", "rich", "psycopg", "httpx", "localstack_client")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dags").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    return tmp_path


def test_help_and_version_answer_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "test-dags" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mwaa-harness 0.")


def test_no_command_at_all_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Usage:" in said.err


@pytest.mark.usefixtures("project")
def test_settings_are_shown_with_their_origins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mwaa.toml").write_text(
        '[environment.airflow_configuration_options]\n"smtp.smtp_password" = "hunter2"\n', encoding="utf-8"
    )
    monkeypatch.setenv("MWAA_HARNESS_LOCAL_WORKERS", "2")

    assert main(["config", "show"]) == 0

    shown = " ".join(capsys.readouterr().out.split())
    assert "local.workers 2 MWAA_HARNESS_LOCAL_WORKERS" in shown
    assert '"smtp.smtp_password" "******" mwaa.toml:2' in shown
    assert "hunter2" not in shown
    assert main(["config", "show", "--json"]) == 0
    assert "hunter2" not in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_there_are_no_worker_environments_to_begin_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert main(["env", "prune"]) == 0


def test_the_help_of_a_command_starts_without_heavy_imports() -> None:
    code = (
        "import sys\n"
        "from harness.cli.main import main\n"
        "main(['up', '--help'])\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_early_is_no_error(project: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m harness config show | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["/bin/bash", "-c", command], cwd=project, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_with_status_130_after_the_clean_up(
    number: signal.Signals, project: Path
) -> None:
    code = (
        "import os, sys, signal, harness.cli.commands.down as command\n"
        # Whoever runs the tests may have it ignored, as `nohup` does, and then it stays ignored.
        f"signal.signal({int(number)}, signal.default_int_handler)\n"
        "def wait(*_, **__):\n"
        "    try:\n"
        f"        os.kill(os.getpid(), {int(number)}); signal.pause()\n"
        "    finally:\n"
        f"        os.kill(os.getpid(), {int(number)}); print('cleaned', flush=True)\n"
        "command.down = wait\n"
        "from harness.cli.main import main\n"
        "sys.exit(main(['down']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 130
    assert done.stdout == "cleaned\n"
    assert "still stopping" in done.stderr
    assert "Traceback" not in done.stderr


def test_signals_that_the_caller_ignores_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(Console(sys.stdout, sys.stderr, {})):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("option", BLOCKED_OPTIONS)
def test_every_blocked_option_has_a_reason(option: str) -> None:
    assert "MWAA" in BLOCKED_OPTIONS[option]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("arguments", [["-q", "status"], ["status", "--quiet"]])
def test_quiet_is_taken_before_and_after_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "stopped" in said.out
    assert said.err == ""
