from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from harness.config.model import LocalSettings, Settings
from harness.errors import HarnessError
from harness.events import ignore_events
from harness.project.layout import locate_project
from harness.runner.local_bench import Afterwards, BenchOptions, LocalBench
from harness.runner.parse_report import ParseReport

if TYPE_CHECKING:
    from pathlib import Path

    from harness.events import EventSink
    from harness.local_environment import LocalEnvironment
    from harness.runtime.backend import Endpoints


class Backend:
    """Starts, and then cannot say where it answers."""

    def __init__(self, *, is_running: bool) -> None:
        self.is_running = is_running

    def is_up(self) -> bool:
        return self.is_running

    def up(self, events: EventSink) -> None:
        del events
        self.is_running = True

    def down(self, events: EventSink) -> None:
        del events
        self.is_running = False

    def endpoints(self) -> Endpoints:
        raise HarnessError("nothing answers")


class Local:
    """As much of a LocalEnvironment as starting needs."""

    def __init__(self, root: Path, backend: Backend) -> None:
        self.project = locate_project(root, LocalSettings())
        self.settings = Settings()
        self.backend = backend
        self.environ: dict[str, str] = {}


class Bench(LocalBench):
    def parse(self, events: EventSink) -> ParseReport:
        del events
        return ParseReport(())


@pytest.mark.parametrize(
    ("was_running", "afterwards", "is_running"),
    [(False, Afterwards.STOP, False), (False, Afterwards.KEEP, True), (True, Afterwards.STOP, True)],
)
def test_an_environment_that_cannot_be_prepared_is_left_as_it_was_found(
    tmp_path: Path,
    was_running: bool,  # noqa: FBT001 - a column of the table
    afterwards: Afterwards,
    is_running: bool,  # noqa: FBT001
) -> None:
    backend = Backend(is_running=was_running)
    local: Any = Local(tmp_path, backend)
    bench = Bench(cast("LocalEnvironment", local), BenchOptions(afterwards=afterwards))
    with pytest.raises(HarnessError, match="nothing answers"):
        bench.start(ignore_events)
    bench.close(ignore_events)
    assert backend.is_running is is_running
