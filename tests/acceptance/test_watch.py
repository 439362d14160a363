"""`check dags --watch`: a verdict after every save, in a terminal and in a pipe, until Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.config.model import LocalSettings
from harness.errors import HarnessError
from harness.project.layout import locate_project
from harness.waiting import Hopeless, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.workerenv.store import WorkerEnvironment

pytestmark = [pytest.mark.network, pytest.mark.slow]

_GOOD = (Path(__file__).parents[1] / "examples/valid/dags-plain/a.py").read_text(encoding="utf-8")
_SECONDS = 120


class Watching:
    """The command at work, and what it has said so far."""

    def __init__(self, root: Path, environ: Mapping[str, str], output: int) -> None:
        self.said = b""
        self.output = output
        self.command = [sys.executable, "-m", "harness", "check", "dags", "--watch"]
        self.root, self.environ = root, dict(environ)

    def start(self, end: int) -> None:
        self.process = subprocess.Popen(
            self.command, cwd=self.root, env=self.environ, stdin=end, stdout=end, stderr=end
        )
        os.close(end)
        os.set_blocking(self.output, False)

    def await_words(self, *words: str) -> None:
        """Wait until it has said all of this since the last time."""

        def answer() -> Ready | NotYet | Hopeless:
            self.read()
            text = self.said.decode("utf-8", "replace")
            if all(word in text for word in words):
                return Ready("it said so")
            if self.process.poll() is not None:
                return Hopeless(HarnessError(text))
            return NotYet(text)

        wait_until(answer, subject=f"{words}", seconds=_SECONDS, interval=0.05)
        self.said = b""

    def read(self) -> None:
        try:
            while part := os.read(self.output, 1 << 16):
                self.said += part
        except (BlockingIOError, OSError):
            return


@pytest.fixture(params=["terminal", "pipe"])
def watching(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    worker_environment: WorkerEnvironment,
    fenced_environ: Mapping[str, str],
    parsers: Path,
) -> Iterator[Watching]:
    environments = locate_project(tmp_path, LocalSettings()).state.worker_environments
    environments.mkdir(parents=True)
    (environments / worker_environment.path.name).symlink_to(worker_environment.path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text(_GOOD, encoding="utf-8")
    (tmp_path / "mwaa.toml").touch()
    ours, theirs = pty.openpty() if request.param == "terminal" else os.pipe()
    watching = Watching(tmp_path, {**fenced_environ, "TMPDIR": str(parsers)}, ours)
    watching.start(theirs)
    yield watching
    watching.process.kill()
    watching.process.wait()
    os.close(ours)


def test_every_save_is_judged_until_ctrl_c(watching: Watching) -> None:
    file, settings = watching.root / "dags" / "a.py", watching.root / "mwaa.toml"
    watching.await_words("dags: passed", "watching")
    file.write_text(_GOOD + "import nothing_at_all\n", encoding="utf-8")
    watching.await_words("No module named 'nothing_at_all'", "watching")
    settings.write_text("nonsense = 1\n", encoding="utf-8")
    watching.await_words("nonsense", "watching")
    settings.write_text("", encoding="utf-8")
    watching.await_words("dags: FAILED", "watching")
    file.write_text(_GOOD, encoding="utf-8")
    watching.await_words("dags: passed", "watching")
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(_SECONDS) == 130
