"""Fences around every test, and real services for tests that need one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from harness.config.model import LocalSettings, Settings
from harness.errors import HarnessError
from harness.events import ignore_events
from harness.images.engine import open_engine
from harness.project.layout import StateFolder, locate_project
from harness.runtime.docker_engine import ask_docker
from harness.runtime.home_binding import INSIDE_FOLDER
from harness.runtime.localstack import localstack_command, localstack_folders, localstack_variables
from harness.runtime.marks import SERVICE, SUPERVISOR
from harness.runtime.ports import choose_ports
from harness.waiting import Answer, Hopeless, NotYet, Ready, wait_until
from harness.workerenv.store import WorkerEnvironment, ensure_worker_environment
from harness.workerenv.tools import Tool, ensure_tool_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

pytest_plugins = ["tests.browser", "tests.environments"]

# What a person's shell may say about AWS, Airflow or this harness must not decide a test.
_HIDDEN_PREFIXES = ("AWS_", "BOTO_", "AIRFLOW", "MWAA_", "LOCALSTACK_")
_HIDDEN = ("DEBUG", "SERVICES", "GATEWAY_LISTEN", "HTTP_PROXY", "http_proxy")
_KEPT_PREFIX = "MWAA_HARNESS_PYTHON"  # says where an interpreter is; see interpreters.py

LOCALSTACK_PYTHON = "MWAA_TEST_LOCALSTACK_PYTHON"
"""Names the interpreter of a finished LocalStack environment, to save building one."""


def _kept_from_home(home: Path) -> Mapping[str, Path]:
    """Package caches, interpreters and package index settings; tests may use these of the real home."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    data = Path(os.environ.get("XDG_DATA_HOME", home / ".local/share"))
    config = Path(os.environ.get("XDG_CONFIG_HOME", home / ".config"))
    return {
        "PYENV_ROOT": home / ".pyenv",
        "UV_CACHE_DIR": cache / "uv",
        "UV_PYTHON_INSTALL_DIR": data / "uv/python",
        "UV_CONFIG_FILE": config / "uv/uv.toml",
        "PIP_CACHE_DIR": cache / "pip",
        "PIP_CONFIG_FILE": config / "pip/pip.conf",
    }


def pytest_configure() -> None:
    """Take Ctrl-C, and let what the tests start take it, though a shell's background job ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _needs_the_engine(nodeid: str) -> bool:
    """Whether the test may not run while another restarts the engine."""
    return nodeid.startswith("tests/docker/") or "[compose" in nodeid or "test_every_example_dag" in nodeid


class FilesSideBySide(LoadFileScheduling):  # type: ignore[misc]
    """Runs files of tests side by side; what works with the one Docker engine, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return "docker" if _needs_the_engine(nodeid) else str(super()._split_scope(nodeid))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest in one piece, the tests of the engine."""
    items.sort(key=lambda item: not _needs_the_engine(item.nodeid))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Clear away what an interrupted `-n` left: its processes have no time to do so themselves."""
    distributor = session.config.pluginmanager.get_plugin("dsession")
    if distributor is None or exitstatus != pytest.ExitCode.INTERRUPTED:
        return
    run = distributor.nodemanager.testrunuid
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            variables = process.environ()
            if variables.get("PYTEST_XDIST_TESTRUNUID") == run and variables.get(SERVICE) == SUPERVISOR:
                process.terminate()  # it stops its services
    if ask_docker(os.environ).reason:
        return
    base = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    with open_engine(os.environ) as client:
        for container in client.containers.list(all=True):
            folder = container.labels.get("com.docker.compose.project.working_dir", "")
            if Path(folder).is_relative_to(base):
                container.remove(force=True, v=True)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesSideBySide:
    """How `-n` shares the tests out."""
    return FilesSideBySide(config, log)


@pytest.fixture(scope="session")
def fenced_environ(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """This process's environment without the person's home folder and without anything about AWS."""
    home = Path.home()
    environ = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_KEPT_PREFIX) or not (name.startswith(_HIDDEN_PREFIXES) or name in _HIDDEN)
    }
    for name, path in _kept_from_home(home).items():
        if path.exists():
            environ.setdefault(name, str(path))
    environ["HOME"] = str(tmp_path_factory.mktemp("home"))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environ.pop(name, None)
    return environ


@pytest.fixture(autouse=True)
def _fence(fenced_environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(fenced_environ):
        if name != "PYTEST_CURRENT_TEST":
            monkeypatch.delenv(name)
    for name, value in fenced_environ.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)


class LocalStackProcess:
    """A LocalStack of the tests' own, on one port for its whole life; it can be killed and come back."""

    def __init__(self, python: Path, folder: Path, environ: Mapping[str, str]) -> None:
        self.port = choose_ports({"localstack": 0}, {})["localstack"]
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._command = localstack_command(python, INSIDE_FOLDER)
        self._environ = {"PATH": environ["PATH"], **localstack_variables(self.port, folder)}
        for needed in localstack_folders(folder):
            needed.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when it is healthy."""
        self.start_without_waiting()
        wait_until(self._answer, subject="LocalStack", seconds=180)

    def start_without_waiting(self) -> None:
        with (self._folder / "localstack.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environ,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it with SIGKILL; everything it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answer(self) -> Answer:
        if self._process is None or self._process.poll() is not None:
            log = (self._folder / "localstack.log").read_text(encoding="utf-8", errors="replace")
            return Hopeless(HarnessError(f"LocalStack ended:\n{log[-3000:]}"))
        try:
            health = httpx.get(f"{self.endpoint_url}/_localstack/health", timeout=2, trust_env=False)
        except httpx.HTTPError as error:
            return NotYet(repr(error))
        return Ready("it is healthy") if health.status_code == httpx.codes.OK else NotYet(str(health))


@pytest.fixture(scope="session")
def worker_environment(fenced_environ: Mapping[str, str], pytestconfig: pytest.Config) -> WorkerEnvironment:
    """The worker environment of a project without requirements; built once, kept in pytest's cache folder."""
    cache = pytestconfig.cache
    assert cache is not None
    project = locate_project(cache.mkdir("mwaa"), LocalSettings())
    return ensure_worker_environment(project, Settings(), fenced_environ, ignore_events)


def _localstack_python(environ: Mapping[str, str], cache: Path) -> Path:
    return ensure_tool_environment(Tool.LOCALSTACK, StateFolder(cache), environ, ignore_events).python


@pytest.fixture(scope="session")
def start_localstack(
    fenced_environ: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Callable[[], LocalStackProcess]]:
    """Starts one more LocalStack; all end with the session. For tests that kill theirs."""
    chosen = os.environ.get(LOCALSTACK_PYTHON)
    processes: list[LocalStackProcess] = []

    def start() -> LocalStackProcess:
        cache = pytestconfig.cache
        assert cache is not None
        python = Path(chosen) if chosen else _localstack_python(fenced_environ, cache.mkdir("mwaa"))
        process = LocalStackProcess(python, tmp_path_factory.mktemp("localstack"), fenced_environ)
        processes.append(process)
        process.start()
        return process

    yield start
    for process in processes:
        process.kill()


@pytest.fixture(scope="session")
def localstack(start_localstack: Callable[[], LocalStackProcess]) -> LocalStackProcess:
    """A LocalStack that all tests of the session share; nobody may kill it."""
    return start_localstack()
