"""The pytest items of the DAGs folder: one per file that is parsed, one per case that is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.runner.failure_text import describe_error, describe_parse_errors, describe_result, shorten

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from harness.runner.bench import Bench
    from harness.runner.cases import Case
    from harness.runner.live_progress import LiveProgress
    from harness.runner.parse_report import ParsedFile

PARSES = "parses"


class ItemFailure(Exception):  # noqa: N818 - a verdict on the user's DAG, not an error of ours
    """An item did not hold; the text says everything."""


class DagFile(pytest.File):
    """A file of the DAGs folder that the scheduler would parse."""

    bench: Bench
    parsed: ParsedFile
    progress: LiveProgress

    @classmethod
    def build(
        cls, parent: pytest.Collector, bench: Bench, parsed: ParsedFile, progress: LiveProgress
    ) -> DagFile:
        file: DagFile = cls.from_parent(parent, path=parsed.path)
        file.bench, file.parsed, file.progress = bench, parsed, progress
        return file

    def collect(self) -> Iterator[pytest.Item]:
        yield ParseItem.from_parent(self, name=PARSES)
        tests = self.bench.load_tests()
        for dag in sorted(self.parsed.dags, key=lambda dag: dag.dag_id):
            for case in tests.cases_of(dag.dag_id):
                yield RunItem.build(self, case)


class OtherModule(pytest.File):
    """Stands for the Python module that pytest would make of a DAG file named on its command line."""

    def collect(self) -> Iterator[pytest.Item]:
        return iter(())


class _DagItem(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ItemFailure):
            return str(excinfo.value)
        if isinstance(excinfo.value, HarnessError):
            return describe_error(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        return self.path, 0, self.name


class ParseItem(_DagItem):
    """The file parses in the worker environment."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.add_marker("dag_parses")

    def runtest(self) -> None:
        file = _file_of(self)
        reads = [
            f"{shorten(read.location, file.bench.root)}: every parse reads the {read.kind} {read.name}"
            for read in file.parsed.reads
        ]
        if reads:
            self.add_report_section("call", "mwaa notes", "\n".join(reads))
        if file.parsed.errors:
            raise ItemFailure(describe_parse_errors(file.parsed, file.bench.root))


class RunItem(_DagItem):
    """The DAG runs end to end, as one of its cases says."""

    case: Case

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.add_marker("dag_run")

    @classmethod
    def build(cls, parent: DagFile, case: Case) -> RunItem:
        item: RunItem = cls.from_parent(parent, name=case.label)
        item.case = case
        if case.skip is not None:
            item.add_marker(pytest.mark.skip(reason=case.skip))
        return item

    @property
    def is_skipped(self) -> bool:
        """Whether pytest will not run it, as far as is known before it is set up."""
        return any(True for _ in self.iter_markers("skip"))

    def runtest(self) -> None:
        file = _file_of(self)
        file.bench.start(file.progress.event)
        file.bench.submit([self.case])
        try:
            result = file.bench.wait(self.case, file.progress.watch)
        finally:
            file.progress.clear()
        if result.run is not None:
            self.user_properties.append(("run_id", result.run.key.run_id))
        if result.seconds is not None:
            self.user_properties.append(("run_seconds", round(result.seconds, 3)))
        if not result.is_passed:
            raise ItemFailure(describe_result(result))


def _file_of(item: pytest.Item) -> DagFile:
    if not isinstance(item.parent, DagFile):
        raise TypeError(f"{item.nodeid} is not in a DAG file")
    return item.parent
