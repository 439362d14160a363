from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.process import Completed, capture
from harness.runtime.home_binding import LAUNCHER, probe_home_binding
from harness.runtime.launch_spec import LaunchSpec
from harness.waiting import Answer, NotYet, Ready, wait_until
from tests.giving_up import give_up

if TYPE_CHECKING:
    from pathlib import Path

SHOW = (sys.executable, "-S", "-c", "import json, os; print('#' + json.dumps(dict(os.environ)))")


def launch(folder: Path, *extra: str, **spec: Any) -> Completed:
    file = folder / "spec.json"
    fields: dict[str, Any] = {
        "command": SHOW,
        "environment": {"PATH": "/usr/bin:/bin"},
        "directory": str(folder),
    }
    file.write_text(LaunchSpec(name="worker", **{**fields, **spec}).to_json(), encoding="utf-8")
    return capture([sys.executable, "-I", "-S", LAUNCHER, file, *extra], timeout=60)


def seen(done: Completed) -> dict[str, str]:
    line = next(line for line in done.stdout.splitlines() if line.startswith("#"))
    variables: dict[str, str] = json.loads(line[1:])
    return variables


def run_script(folder: Path, script: str, **spec: Any) -> Completed:
    file = folder / "startup.sh"
    file.write_text(script, encoding="utf-8")
    return launch(folder, startup_script=str(file), **spec)


def test_the_process_inherits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAK", "1")
    assert set(seen(launch(tmp_path))) <= {"PATH", "LC_CTYPE"}


def test_the_arguments_of_the_command_line_follow_the_command(tmp_path: Path) -> None:
    done = launch(tmp_path, "--", "dags", "list files", command=("/bin/echo", "airflow"))
    assert done.stdout == "airflow dags list files\n"


def test_the_process_becomes_the_command_so_signals_reach_it(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    spec = LaunchSpec(
        "worker",
        ("/bin/sh", "-c", f"trap 'exit 7' TERM; touch {ready}; while :; do sleep 0.05; done"),
        {"PATH": "/bin:/usr/bin"},
    )
    (tmp_path / "spec.json").write_text(spec.to_json(), encoding="utf-8")
    with subprocess.Popen([sys.executable, "-I", "-S", LAUNCHER, tmp_path / "spec.json"]) as process:

        def is_ready() -> Answer:
            return Ready("it said so") if ready.exists() else NotYet("it did not say so")

        wait_until(is_ready, subject="the command", seconds=20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 7


def test_a_command_that_is_missing_is_named(tmp_path: Path) -> None:
    done = launch(tmp_path, command=("/no/such/program",))
    assert done.exit_status == 126
    assert "worker: cannot be started" in done.stderr
    assert "Traceback" not in done.stderr


def test_files_are_copied_before_the_command_starts(tmp_path: Path) -> None:
    source, target = tmp_path / "source.py", tmp_path / "config" / "target.py"
    source.write_text("content", encoding="utf-8")
    done = launch(tmp_path, files=[(str(source), str(target))], command=("/bin/cat", str(target)))
    assert done.stdout == "content"


def test_fact_6_exports_reach_the_component(tmp_path: Path) -> None:
    done = run_script(tmp_path, "export MINE=\"two\nlines = 'quoted'\"\nNOT_EXPORTED=1\n")
    assert seen(done)["MINE"] == "two\nlines = 'quoted'"
    assert "NOT_EXPORTED" not in seen(done)


@pytest.mark.parametrize(
    "ending",
    ["exit 0", "exit 3", "cd /proc/self", "set -e\nfalse", "PATH=/nowhere", "trap 'echo bye' EXIT"],
)
def test_fact_6_exports_survive_however_the_script_ends(tmp_path: Path, ending: str) -> None:
    assert seen(run_script(tmp_path, f"export MINE=1\n{ending}\n"))["MINE"] == "1"


def test_fact_6_the_script_runs_in_airflow_home_and_knows_its_component(tmp_path: Path) -> None:
    script = 'export SEEN="$PWD $MWAA_AIRFLOW_COMPONENT"\n'
    done = run_script(tmp_path, script, protected={"MWAA_AIRFLOW_COMPONENT": "worker"})
    assert seen(done)["SEEN"] == f"{tmp_path} worker"


def test_fact_6_the_wrapper_speaks_as_mwaas(tmp_path: Path) -> None:
    lines = run_script(tmp_path, "echo from the script\necho oops >&2\n").stdout.splitlines()
    assert lines[:2] == ["[startup.sh] from the script", "[startup.sh] oops"]
    assert lines[2].startswith("[startup.sh] Finished running startup script. Execution time: ")
    assert lines[3] == "[startup.sh] Running verification"
    assert lines[-2] == "[startup.sh] Verification completed"


def test_fact_6_no_script_is_said(tmp_path: Path) -> None:
    done = launch(tmp_path, startup_script=str(tmp_path / "startup.sh"))
    assert done.stdout.startswith("[startup.sh] No startup script found, skipping execution.\n")


def test_fact_6_a_script_over_its_time_limit_is_ended_and_the_component_starts(tmp_path: Path) -> None:
    done = run_script(tmp_path, "export MINE=1\nsleep 600\n", startup_seconds=1)
    assert "Startup script timed out after 1 seconds." in done.stdout
    assert "MINE" not in seen(done)


def test_fact_6_a_failing_script_does_not_stop_the_component(tmp_path: Path) -> None:
    done = run_script(tmp_path, "exit 5\n")
    assert "The startup script ended with exit status 5" in done.stdout
    assert done.exit_status == 0


def test_fact_6_1_reserved_variables_are_overwritten(tmp_path: Path) -> None:
    script = "export AIRFLOW__CORE__FERNET_KEY=mine AIRFLOW__METRICS__METRICS_BLOCK_LIST=x\n"
    done = run_script(
        tmp_path,
        script,
        protected={"AIRFLOW__CORE__FERNET_KEY": "service"},
        reserved=("AIRFLOW__METRICS__METRICS_BLOCK_LIST",),
    )
    assert seen(done)["AIRFLOW__CORE__FERNET_KEY"] == "service"
    assert "AIRFLOW__METRICS__METRICS_BLOCK_LIST" not in seen(done)
    assert "AIRFLOW__CORE__FERNET_KEY is reserved by MWAA" in done.stdout
    assert "mine" not in done.stdout.replace(json.dumps(seen(done)), "")


def test_fact_6_options_overwrite_exports_and_exports_overwrite_defaults(tmp_path: Path) -> None:
    done = run_script(
        tmp_path,
        "export A=script B=script\n",
        environment={"PATH": "/usr/bin:/bin", "A": "default", "B": "default"},
        options={"A": "option"},
    )
    assert (seen(done)["A"], seen(done)["B"]) == ("option", "script")
    assert "A is set by a configuration option" in done.stdout


def test_fact_6_verification_names_a_changed_airflow(tmp_path: Path) -> None:
    program = tmp_path / "env" / "bin" / "airflow"
    packages = tmp_path / "env" / "lib" / "python3.10" / "site-packages"
    for folder in (
        program.parent,
        packages / "apache_airflow-2.6.0.dist-info",
        packages / "watchtower-2.0.1.dist-info",
    ):
        folder.mkdir(parents=True)
    program.symlink_to("/bin/true")
    done = run_script(tmp_path, ":\n", command=(str(program),), protected={"AIRFLOW_VERSION": "2.5.1"})
    assert "Validation Error: apache-airflow is not 2.5.1." in done.stdout
    assert "watchtower" not in done.stdout


def test_a_bound_home_is_seen_by_the_process_alone(tmp_path: Path) -> None:
    target = tmp_path / "mount"
    home = tmp_path / "home"
    (home / "dags").mkdir(parents=True)
    target.mkdir()
    binding = probe_home_binding(str(target))
    if not binding.works:
        give_up(f"this machine allows no private mounts: {binding.reason}")
    done = launch(tmp_path, bindings=[(str(home), str(target))], command=("/bin/ls", str(target)))
    assert done.stdout == "dags\n"
    assert list(target.iterdir()) == []


def test_a_mount_point_that_cannot_be_bound_gives_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    binding = probe_home_binding(str(file / "below"))
    assert not binding.works
    assert binding.reason
