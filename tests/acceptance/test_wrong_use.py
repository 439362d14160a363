"""Wrong configuration and wrong use, as a person meets them: what they typed, what they are told.

Every case runs the real command. It must say what is wrong, where, why and what to do, on one screen,
without a traceback, and leave stdout empty.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SCREEN = 25
STATUS = ("status",)
UP = ("up",)


@dataclass(frozen=True)
class Case:
    """One mistake.

    Attributes:
        name: what is wrong.
        expected: what the error must say, in any order.
        settings: the text of mwaa.toml; None for no file.
        command: arguments of mwaa-harness.
        environ: variables to set; one named None is removed.
        prepare: makes the state of the project folder that the mistake needs.
        status: the exit status.
    """

    name: str
    expected: tuple[str, ...]
    settings: str | bytes | None = None
    command: tuple[str, ...] = STATUS
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], None] | None = None
    status: int = 2


def environment(text: str) -> str:
    return f"[environment]\n{text}\n"


def local(text: str) -> str:
    return f"[local]\n{text}\n"


def airflow_option(text: str) -> str:
    return f"[environment.airflow_configuration_options]\n{text}\n"


def tag(text: str) -> str:
    return f"[environment.tags]\n{text}\n"


def make_settings_a_folder(root: Path) -> None:
    (root / "mwaa.toml").mkdir()


def corrupt_state(root: Path) -> None:
    run = root / ".mwaa" / "run"
    run.mkdir(parents=True)
    (run / "environment.json").write_text('{"instance": 7', encoding="utf-8")


def remove_dags(root: Path) -> None:
    (root / "dags").rmdir()


def make_dags_a_file(root: Path) -> None:
    remove_dags(root)
    (root / "dags").write_text("", encoding="utf-8")


def make_project_a_file(root: Path) -> None:
    (root / "file").write_text("", encoding="utf-8")


def make_startup_a_folder(root: Path) -> None:
    (root / "startup" / "startup.sh").mkdir(parents=True)


def include_a_missing_file(root: Path) -> None:
    requirements = root / "requirements" / "requirements.txt"
    requirements.parent.mkdir()
    requirements.write_text("humanize\n-r more.txt\n", encoding="utf-8")


CONFIGURATION = (
    Case(
        "unknown key",
        ("mwaa.toml:2:1", "unknown key max_worker in [environment]", "did you mean max_workers?"),
        environment("max_worker = 3"),
    ),
    Case(
        "key as the API spells it",
        ("mwaa.toml:2:1", "unknown key MaxWorkers", "did you mean max_workers?"),
        environment("MaxWorkers = 3"),
    ),
    Case(
        "key of the other section",
        ("mwaa.toml:2:1", "unknown key passthrough in [environment]", "belongs into [local]"),
        environment('passthrough = ["s3"]'),
    ),
    Case(
        "field of CreateEnvironment that means nothing here",
        ("mwaa.toml:2:1", "network_configuration", "CreateEnvironment", "leave it out"),
        environment('network_configuration = { subnet_ids = ["a", "b"] }'),
    ),
    Case(
        "unknown section",
        ("mwaa.toml:1:1", "unknown section [locale]", "did you mean local?"),
        "[locale]\nworkers = 1\n",
    ),
    Case(
        "section that is no table",
        ("mwaa.toml:1:9", "local must be a table, not a whole number", "[local]"),
        "local = 3\n",
    ),
    Case(
        "promotion, which is not there yet",
        ("mwaa.toml:1:1", "promotion is not available in this version", "remove the section"),
        '[promote.production]\nenvironment = "prod"\n',
    ),
    Case(
        "wrong type",
        ("mwaa.toml:2:15", "max_workers must be a whole number, not a text", "without quotes: 5", "|     "),
        environment('max_workers = "5"'),
    ),
    Case(
        "TOML syntax error",
        ("mwaa.toml:2:", "not valid TOML", "name ="),
        environment("name = "),
    ),
    Case(
        "text without quotes",
        ("mwaa.toml:2:8", "not valid TOML", 'key = "value"'),
        environment("name = production"),
    ),
    Case(
        "option value without quotes",
        ("mwaa.toml:2:32", '"core.default_task_retries"', "must be a text in quotes", "put quotes around"),
        airflow_option('"core.default_task_retries" =  3'),
    ),
    Case(
        "option without a section",
        ("mwaa.toml:2:", "parallelism", "MWAA wants section.option"),
        airflow_option('parallelism = "10"'),
    ),
    Case(
        "option as a variable's name",
        ("mwaa.toml:2:", "AIRFLOW__CORE__PARALLELISM", 'write "core.parallelism"'),
        airflow_option('AIRFLOW__CORE__PARALLELISM = "10"'),
    ),
    Case(
        "blocked option",
        ("mwaa.toml:2:", '"core.executor"', "CeleryExecutor only", "remove this line"),
        airflow_option('"core.executor" = "LocalExecutor"'),
    ),
    Case(
        "bad name",
        ("mwaa.toml:2:8", '"9-lives"', "a letter first", "CreateEnvironment"),
        environment('name = "9-lives"'),
    ),
    Case(
        "long name",
        ("mwaa.toml:2:8", "81 characters long", "at most 80"),
        environment(f'name = "{"a" * 81}"'),
    ),
    Case(
        "too many workers",
        ("mwaa.toml:2:15", "max_workers is 26", "1 to 25", "service quotas"),
        environment("max_workers = 26"),
    ),
    Case(
        "least above most",
        ("mwaa.toml:2:15", "min_workers is 12", "max_workers, which is 10", "raise environment.max_workers"),
        environment("min_workers = 12"),
    ),
    Case(
        "too many schedulers",
        ("mwaa.toml:2:14", "schedulers is 6", "2 to 5", "write a number from 2 to 5"),
        environment("schedulers = 6"),
    ),
    Case(
        "micro with two schedulers",
        ("mwaa.toml:3:14", "schedulers is 2", "1 on mw1.micro", "larger environment_class"),
        environment('environment_class = "mw1.micro"\nschedulers = 2'),
    ),
    Case(
        "unknown class",
        ("mwaa.toml:2:21", '"mw1.smal"', "valid classes", "did you mean mw1.small?"),
        environment('environment_class = "mw1.smal"'),
    ),
    Case(
        "unknown log level",
        ("mwaa.toml:2:13", "task_logs.log_level", '"WARN"', "valid levels", "did you mean WARNING?"),
        '[environment.logging.task_logs]\nlog_level = "WARN"\n',
    ),
    Case(
        "access mode of a later Airflow",
        ("mwaa.toml:2:25", "PUBLIC_AND_PRIVATE", "Airflow 3.2", "write PUBLIC_ONLY or PRIVATE_ONLY"),
        environment('webserver_access_mode = "PUBLIC_AND_PRIVATE"'),
    ),
    Case(
        "bad maintenance window",
        ("mwaa.toml:2:35", '"TUE:03:15"', "half hour", "TUE:03:30"),
        environment('weekly_maintenance_window_start = "TUE:03:15"'),
    ),
    Case(
        "reserved tag",
        ("mwaa.toml:2:", "aws:owner", "reserved", "choose another key"),
        tag('"aws:owner" = "me"'),
    ),
    Case(
        "bad tag",
        ("mwaa.toml:2:9", "environment.tags.owner", '"me;you"', "letters, digits, spaces"),
        tag('owner = "me;you"'),
    ),
    Case(
        "unsupported Airflow version",
        ("mwaa.toml:2:19", '"2.6.3"', "supported: 2.5.1", 'write airflow_version = "2.5.1"'),
        environment('airflow_version = "2.6.3"'),
    ),
    Case(
        "address where a key is meant",
        ("mwaa.toml:2:15", "relative to the source bucket", 'write the key alone, e.g. "dags"'),
        environment('dag_s3_path = "s3://bucket/dags/"'),
    ),
    Case(
        "port out of range",
        ("mwaa.toml:2:18", "webserver_port is 70000", "0 to 65535", "0 takes a free port"),
        local("webserver_port = 70000"),
    ),
    Case(
        "negative interval",
        ("mwaa.toml:2:17", "sync_interval is -1", "from 0.1 to 3600"),
        local("sync_interval = -1"),
    ),
    Case(
        "unknown service let through",
        ("mwaa.toml:2:15", '"atena"', "no AWS service", "did you mean athena?"),
        local('passthrough = ["atena"]'),
    ),
    Case(
        "runtime that is none",
        ("mwaa.toml:2:11", '"docker"', "auto, compose or native"),
        local('runtime = "docker"'),
    ),
    Case(
        "not UTF-8",
        ("mwaa.toml:2:9", "not UTF-8", "0xe9", "save the file as UTF-8"),
        b'[environment]\nname = "\xe9"\n',
    ),
    Case(
        "settings that cannot be read",
        ("mwaa.toml", "cannot be read", "Is a directory", "no setting is required"),
        prepare=make_settings_a_folder,
    ),
    Case(
        "variable with a bad value",
        ("environment variable MWAA_HARNESS_LOCAL_WORKERS", "local.workers", "a whole number", "'two'"),
        environ={"MWAA_HARNESS_LOCAL_WORKERS": "two"},
    ),
    Case(
        "variable of no setting",
        ("MWAA_HARNESS_LOCAL_RUNTIM", "no such setting", "did you mean MWAA_HARNESS_LOCAL_RUNTIME?"),
        environ={"MWAA_HARNESS_LOCAL_RUNTIM": "native"},
    ),
)

COMMANDS = (
    Case("unknown command", ("there is no command upp", "did you mean up?"), command=("upp",)),
    Case(
        "unknown option", ("--nowait", "--no-wait", "see mwaa-harness up --help"), command=("up", "--nowait")
    ),
    Case("missing argument", ("SERVICE", "see mwaa-harness restart --help"), command=("restart",)),
    Case("missing subcommand", ("Missing command", "see mwaa-harness config --help"), command=("config",)),
    Case(
        "flag with a bad value",
        ("--runtime", '"dokcer"', "auto, compose or native"),
        command=("up", "--runtime", "dokcer"),
    ),
    Case(
        "project folder that is not there",
        ("--project names nowhere", "does not exist", "create the folder"),
        command=("--project", "nowhere", "status"),
    ),
    Case(
        "project folder that is a file",
        ("--project names file", "is a file", "name the folder"),
        command=("--project", "file", "status"),
        prepare=make_project_a_file,
    ),
    Case(
        "logs of no service",
        ("there is no service wroker", "did you mean worker?"),
        command=("logs", "wroker"),
    ),
    Case("restart of no service", ("there is no service nosuch", "scheduler"), command=("restart", "nosuch")),
    Case(
        "restart when nothing is up",
        ("no environment of this project is running", "mwaa-harness up"),
        command=("restart", "scheduler"),
        status=1,
    ),
    Case(
        "Airflow command when nothing is up",
        ("no environment of this project is running", "mwaa-harness up"),
        command=("airflow", "dags", "list"),
        status=1,
    ),
    Case(
        "open when nothing is up",
        ("no environment of this project is running", "mwaa-harness up"),
        command=("open",),
        status=1,
    ),
    Case(
        "moment that is none",
        ('--since "nonsense"', "neither a time span nor a timestamp", "10m"),
        command=("logs", "--since", "nonsense"),
    ),
    Case(
        "no worker environment yet",
        ("no worker environment yet", "env build"),
        command=("env", "show"),
        status=1,
    ),
)

FILES = (
    Case("no DAGs folder", ("no DAGs folder dags", "create it"), command=UP, prepare=remove_dags),
    Case(
        "DAGs folder that is a file", ("dags is a file, not a folder",), command=UP, prepare=make_dags_a_file
    ),
    Case(
        "configured DAGs folder that is not there",
        ("mwaa.toml:2:15", "no DAGs folder jobs", "create it"),
        local('dags_folder = "jobs"'),
        command=("test-dags",),
    ),
    Case(
        "configured requirements that are not there",
        ("mwaa.toml:2:21", "there is no file reqs.txt", "relative to the project"),
        local('requirements_file = "reqs.txt"'),
        command=("env", "build"),
    ),
    Case(
        "startup script that is a folder",
        ("startup/startup.sh is a folder, not a file",),
        command=UP,
        prepare=make_startup_a_folder,
    ),
    Case(
        "requirements that include a missing file",
        ("requirements.txt:2", "more.txt"),
        command=("env", "build"),
        prepare=include_a_missing_file,
    ),
    Case(
        "no Python 3.10",
        ("3.10", "MWAA_HARNESS_PYTHON310"),
        command=("env", "build"),
        environ={
            "PATH": "/nonexistent",
            "HOME": "/nonexistent",
            "PYENV_ROOT": "/nonexistent",
            "UV_PYTHON_INSTALL_DIR": "/nonexistent",
            "UV_PYTHON_DOWNLOADS": "never",
        },
    ),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "dags").mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name) for case in (*CONFIGURATION, *COMMANDS, *FILES)],
)
def test_a_mistake_is_explained_on_one_screen(case: Case, project: Path) -> None:
    if case.settings is not None:
        content = case.settings if isinstance(case.settings, bytes) else case.settings.encode()
        (project / "mwaa.toml").write_bytes(content)
    if case.prepare is not None:
        case.prepare(project)

    explain(run(project, case.command, case.environ), case.status, case.expected)


def test_a_taken_port_is_named_with_the_process_that_holds_it(project: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        port = holder.getsockname()[1]
        (project / "mwaa.toml").write_text(local(f"webserver_port = {port}"), encoding="utf-8")

        done = run(project, UP, {})

    explain(done, 1, (str(port), f"pid {os.getpid()}", "webserver_port"))


@pytest.mark.parametrize("command", [STATUS, ("down",), ("logs",)])
def test_a_damaged_state_file_keeps_no_command_from_answering(
    command: tuple[str, ...], project: Path
) -> None:
    corrupt_state(project)

    done = run(project, command, {})

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_open_with_a_damaged_state_file_is_explained(project: Path) -> None:
    corrupt_state(project)

    explain(run(project, ("open",), {}), 1, ("no environment of this project is running",))


def test_status_says_how_to_start_when_nothing_is_up(project: Path) -> None:
    done = run(project, STATUS, {})

    assert done.returncode == 0
    assert "stopped" in done.stdout
    assert "mwaa-harness up" in done.stderr


def test_every_mistake_of_a_file_is_reported_at_once(project: Path) -> None:
    (project / "mwaa.toml").write_text(
        environment('name = "9"\nmax_worker = 3\nmax_workers = 26\nschedulers = 9'), encoding="utf-8"
    )

    done = run(project, STATUS, {"MWAA_HARNESS_LOCAL_WORKERS": "many"})

    explain(done, 2, ("mwaa.toml:2:8", "mwaa.toml:3:1", "mwaa.toml:4:15", "mwaa.toml:5:14", "_LOCAL_WORKERS"))


def test_a_secret_beside_a_mistake_is_not_shown(project: Path) -> None:
    (project / "mwaa.toml").write_text(
        airflow_option('"smtp.smtp_password" = "höchst geheim"'), encoding="utf-8"
    )

    done = run(project, STATUS, {})

    explain(done, 2, ("mwaa.toml:2:", "smtp.smtp_password", "printable ASCII"))
    assert "geheim" not in done.stderr


def test_an_unexpected_error_leaves_a_report_instead_of_a_traceback(project: Path) -> None:
    (project / ".mwaa").mkdir()
    secret = "not-for-anyones-eyes"
    (project / ".mwaa" / "secrets.json").write_text(f'{{"admin_password": "{secret}"}}', encoding="utf-8")
    code = (
        "import sys, harness.cli.commands.config as command\n"
        "def fail(*_, **__): raise RuntimeError('no idea " + secret + "')\n"
        "command.show_config = fail\n"
        "from harness.cli.main import main\n"
        "sys.exit(main(['config', 'show']))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    (report,) = (project / ".mwaa" / "reports").iterdir()
    assert str(report) in done.stderr
    text = report.read_text(encoding="utf-8")
    assert "RuntimeError" in text
    assert "mwaa-harness 0" in text
    assert secret not in text + done.stderr


def explain(done: subprocess.CompletedProcess[str], status: int, expected: tuple[str, ...]) -> None:
    """Check that the command ended as a wrong use should, and said what is expected."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= SCREEN, done.stderr
    assert "error: " in done.stderr
    missing = [fragment for fragment in expected if fragment not in done.stderr]
    assert not missing, f"{missing} not in:\n{done.stderr}"


def run(
    project: Path, command: tuple[str, ...], environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run mwaa-harness as a person in the project's folder does."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *command],
        cwd=project,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
