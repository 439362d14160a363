"""The service `controlplane`: `python -m harness.controlplane --project <folder>`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from harness.config.load import load_settings
from harness.controlplane.assembly import Assignment, assemble
from harness.controlplane.doorbell import Doorbell
from harness.controlplane.readiness import withdraw_readiness
from harness.controlplane.starts import StartFiles
from harness.controlplane.task_sender import TaskSender
from harness.errors import HarnessError
from harness.project.layout import locate_project
from harness.runtime.state import StateError, read_state, state_file


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.controlplane")
    parser.add_argument("--project", type=Path, required=True, metavar="FOLDER")
    root: Path = parser.parse_args(arguments).project.resolve()
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # we say ourselves what a change led to
    try:
        assignment = _read_assignment(root)
    except (HarnessError, StateError) as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - the message is the evidence
        return 1
    doorbell = Doorbell()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: doorbell.stop())
    withdraw_readiness(assignment.project.state.run)
    plane, watcher = assemble(assignment, doorbell)
    watcher.start()
    try:
        plane.run()
    finally:
        withdraw_readiness(assignment.project.state.run)
    return 0


def _read_assignment(root: Path) -> Assignment:
    settings = load_settings(root, os.environ, {}).settings
    project = locate_project(root, settings.local)
    environment = read_state(project.state)
    if environment is None:
        raise HarnessError(
            f"no environment was started in {root}: {state_file(project.state)} is not there",
            hint="start one with `mwaa-harness up`",
        )
    return Assignment(
        project=project,
        state=project.state,
        settings=settings,
        endpoints=environment.endpoints,
        homes=environment.homes,
        # `up` writes the state file anew when it starts or updates an environment; a control plane that
        # crashed and was started again finds the old one, and keeps the versions it had pinned.
        generation=str(state_file(project.state).stat().st_mtime_ns),
        send_again=TaskSender(project.state, environment.worker_environment, os.environ).send_again,
        read_starts=StartFiles(environment.homes, project.state.data / "postgres" / "postmaster.pid").read,
    )


if __name__ == "__main__":
    sys.exit(main())
