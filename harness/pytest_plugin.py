"""The pytest plugin `mwaa`: `--mwaa-dags` tests every DAG, the fixture `mwaa` serves people's own tests.

Without either it does nothing and imports nothing of the harness.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project.shard import Shard
    from harness.runner.bench import Bench
    from harness.runner.live_progress import LiveProgress
    from harness.runner.mwaa import Mwaa

_MARKERS = (
    "dag_parses: a DAG file parses in the worker environment",
    "dag_run: a DAG runs end to end on the environment",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mwaa", "Amazon MWAA on this machine")
    group.addoption("--mwaa-dags", action="store_true", help="test every DAG file and run every DAG")
    group.addoption("--mwaa-requirements", action="store_true", help="check requirements.txt too")
    group.addoption(
        "--mwaa-project", metavar="FOLDER", help="the project's folder (default: pytest's rootdir)"
    )
    group.addoption(
        "--mwaa-keep", action="store_true", help="leave an environment running that the tests have started"
    )
    group.addoption(
        "--mwaa-timeout",
        metavar="SECONDS",
        type=float,
        help="how long a run may take where dag-tests.toml says nothing",
    )
    group.addoption(
        "--mwaa-shard", metavar="K/N", help="test the K-th of N parts of the DAG files, e.g. in a CI matrix"
    )
    group.addoption(
        "--mwaa-concurrency", metavar="RUNS", type=int, help="how many runs may be under way at once"
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from harness.runner import hookspecs  # noqa: PLC0415 - inactive plugins stay cheap

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("mwaa_requirements"):
        from harness.runner.requirements_item import RequirementsSession  # noqa: PLC0415 - as above

        root = Path(config.getoption("mwaa_project") or config.rootpath).resolve()
        config.pluginmanager.register(RequirementsSession(root, dict(os.environ)), "mwaa-requirements")
    if config.getoption("mwaa_dags"):
        from harness.runner.pytest_session import DagTestSession, clean_up_on_sigterm  # noqa: PLC0415 - as above

        clean_up_on_sigterm(config)
        bench = _bench_of(config)
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = [str(bench.dags_folder)]
        session = DagTestSession(bench, _progress_of(config), _shard_of(config))
        config.pluginmanager.register(session, "mwaa-dags")


@pytest.hookimpl(trylast=True)
def pytest_mwaa_bench(config: pytest.Config) -> Bench:
    """The project's own environment."""
    from harness.errors import HarnessError  # noqa: PLC0415 - as above
    from harness.local_environment import open_environment  # noqa: PLC0415
    from harness.runner.failure_text import describe_error  # noqa: PLC0415
    from harness.runner.local_bench import Afterwards, BenchOptions, LocalBench  # noqa: PLC0415

    root = Path(config.getoption("mwaa_project") or config.rootpath).resolve()
    try:
        local = open_environment(root, dict(os.environ), {})
    except HarnessError as error:
        raise pytest.UsageError(describe_error(error)) from error
    defaults = BenchOptions()
    return LocalBench(
        local,
        BenchOptions(
            concurrency=config.getoption("mwaa_concurrency") or defaults.concurrency,
            timeout=config.getoption("mwaa_timeout") or defaults.timeout,
            afterwards=Afterwards.KEEP if config.getoption("mwaa_keep") else Afterwards.STOP,
        ),
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    bench = session.config.stash.get(_BENCH, None)
    if bench is not None:
        progress = _progress_of(session.config)
        bench.close(progress.event)
        progress.clear()


@pytest.fixture(scope="session")
def mwaa(pytestconfig: pytest.Config) -> Mwaa:
    """An MWAA environment that is up: `mwaa.run_dag("simple_demo").state`."""
    from harness.runner.mwaa import Mwaa  # noqa: PLC0415 - as above

    bench = _bench_of(pytestconfig)
    progress = _progress_of(pytestconfig)
    bench.start(progress.event)
    progress.clear()
    return Mwaa(bench)


_BENCH = pytest.StashKey["Bench"]()
_PROGRESS = pytest.StashKey["LiveProgress"]()


def _bench_of(config: pytest.Config) -> Bench:
    if _BENCH not in config.stash:
        config.stash[_BENCH] = config.hook.pytest_mwaa_bench(config=config)
    return config.stash[_BENCH]


def _shard_of(config: pytest.Config) -> Shard:
    from harness.errors import HarnessError  # noqa: PLC0415 - as above
    from harness.project.shard import read_shard  # noqa: PLC0415
    from harness.runner.failure_text import describe_error  # noqa: PLC0415

    try:
        return read_shard(config.getoption("mwaa_shard"))
    except HarnessError as error:
        raise pytest.UsageError(describe_error(error)) from error


def _progress_of(config: pytest.Config) -> LiveProgress:
    if _PROGRESS not in config.stash:
        from harness.runner.live_progress import LiveProgress  # noqa: PLC0415 - as above
        from harness.runner.pytest_terminal import PytestTerminal  # noqa: PLC0415

        config.stash[_PROGRESS] = LiveProgress(PytestTerminal(config))
    return config.stash[_PROGRESS]
