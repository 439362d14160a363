"""Sends lost Celery messages again, with Airflow's own code in the worker environment."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import process
from harness.errors import HarnessError
from harness.runtime.home_binding import INSIDE_FOLDER, LAUNCHER
from harness.runtime.launch_spec import LaunchSpec
from harness.runtime.preparation import run_spec, specs_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from harness.project.layout import StateFolder

_SCRIPT = "requeue_tasks.py"
_SECONDS = 120.0


class TaskSender:
    """Runs `requeue_tasks.py` as a worker of the environment would run it."""

    def __init__(self, state: StateFolder, worker_environment: Path, environ: Mapping[str, str]) -> None:
        self._state = state
        self._python = worker_environment / "bin" / "python"
        self._environ = environ

    def send_again(self, celery_ids: Collection[str]) -> frozenset[str]:
        """Send the messages of these Celery task ids once more; the ids whose task was still queued.

        Raises:
            HarnessError: the messages could not be sent.
        """
        spec = self._spec()
        path = run_spec(self._state, spec)
        try:
            done = process.check(
                [sys.executable, "-I", LAUNCHER, path],
                env=self._environ,
                stdin=json.dumps(sorted(celery_ids)),
                timeout=_SECONDS,
            )
        finally:
            path.unlink(missing_ok=True)
        return frozenset(json.loads(done.stdout))

    def _spec(self) -> LaunchSpec:
        try:
            path = next(iter(sorted(specs_folder(self._state).glob("worker*.json"))))
            document = json.loads(path.read_text(encoding="utf-8"))
        except StopIteration:
            raise HarnessError("no worker was ever started here, so nobody can send messages") from None
        except (OSError, ValueError) as error:
            raise HarnessError(f"the worker's launch spec cannot be read: {error}") from error
        return replace(
            LaunchSpec(**document),
            name="requeue",
            command=(str(self._python), str(INSIDE_FOLDER / _SCRIPT)),
            protected={**document["protected"], "MWAA_HARNESS_SERVICE": "requeue"},
            startup_script=None,
        )
