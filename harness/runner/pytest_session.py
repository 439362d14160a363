"""What `--mwaa-dags` adds to a pytest session: DAG items, and their runs started together."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

from harness.errors import ExitStatus, HarnessError
from harness.runner.failure_text import describe_error, describe_plugin_error
from harness.runner.items import DagFile, OtherModule, ParseItem, RunItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from harness.project.shard import Shard
    from harness.runner.bench import Bench
    from harness.runner.live_progress import LiveProgress
    from harness.runner.parse_report import ParsedFile, ParseReport

_TERMINATED = 128 + signal.SIGTERM


class DagTestSession:
    """The plugin object that is registered when the DAGs are to be tested."""

    def __init__(self, bench: Bench, progress: LiveProgress, shard: Shard) -> None:
        self._bench = bench
        self._progress = progress
        self._shard = shard
        self._report: ParseReport | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Parse first: the items are what parsing found."""
        if getattr(session.config.option, "numprocesses", None):
            return  # pytest-xdist: this process only hands out what its workers collect
        with _translated_errors(self._progress):
            self._report = self._bench.parse(self._progress.event)
            self._bench.load_tests()
        for error in self._report.plugin_errors:
            self._progress.warn(describe_plugin_error(error))

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> DagFile | None:
        parsed = self._find(file_path)
        return DagFile.build(parent, self._bench, parsed, self._progress) if parsed else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> OtherModule | None:
        return OtherModule.from_parent(parent, path=module_path) if self._find(module_path) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave the DAG files of other shards to other machines."""
        files = sorted({item.path for item in items if isinstance(item, (ParseItem, RunItem))})
        others = set(files).difference(self._shard.choose(files))
        left = [item for item in items if isinstance(item, (ParseItem, RunItem)) and item.path in others]
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if item not in left]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """More machines than DAG files are no failure."""
        if self._shard.parts > 1 and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Start every selected run before the first item waits for its own."""
        config = session.config
        if config.option.collectonly or hasattr(config, "workerinput"):
            return  # a worker of pytest-xdist knows what it runs only when it is told
        runs = [item for item in getattr(session, "items", ()) if isinstance(item, RunItem)]
        cases = [item.case for item in runs if not item.is_skipped]
        if cases:
            with _translated_errors(self._progress):
                self._bench.start(self._progress.event)
                self._bench.submit(cases)

    def _find(self, path: Path) -> ParsedFile | None:
        return self._report.find_file(path) if self._report is not None else None


def clean_up_on_sigterm(config: pytest.Config) -> None:
    """Let a session that is told to end (a CI job that is cancelled) finish as after Ctrl-C."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del number, frame
        pytest.exit("ended by SIGTERM", returncode=_TERMINATED)

    if threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGTERM, end)

        def restore() -> None:
            signal.signal(signal.SIGTERM, previous)

        config.add_cleanup(restore)


@contextmanager
def _translated_errors(progress: LiveProgress) -> Iterator[None]:
    """Failures of ours end the session with pytest's own kinds of errors."""
    try:
        yield
    except HarnessError as error:
        text = describe_error(error)
        if error.exit_status is ExitStatus.USAGE:
            raise pytest.UsageError(text) from error
        pytest.exit(text, returncode=int(error.exit_status))
    finally:
        progress.clear()
