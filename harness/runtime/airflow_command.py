"""The Airflow CLI inside the running environment, on the user's terminal."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import process
from harness.errors import HarnessError
from harness.runtime.home_binding import LAUNCHER
from harness.runtime.launch_spec import LaunchSpec
from harness.runtime.preparation import run_spec, specs_folder
from harness.runtime.services import Role
from harness.runtime.services_table import role_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.runtime.site import Site
    from harness.runtime.state import EnvironmentState

_TERMINAL = ("TERM", "COLUMNS", "LINES", "NO_COLOR", "COLORTERM")


def run_airflow(site: Site, state: EnvironmentState, arguments: Sequence[str]) -> int:
    """Run `airflow ARGUMENTS` as a worker would see it; its exit status.

    Raises:
        HarnessError: the environment's worker was never written down.
    """
    worker = next((name for name in state.services if role_of(name) is Role.WORKER), None)
    if worker is None:
        raise HarnessError("the environment has no worker to run Airflow's commands like")
    try:
        document = json.loads((specs_folder(site.state) / f"{worker}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"the worker's launch spec cannot be read: {error}") from error
    airflow = str(state.worker_environment / "bin" / "airflow")
    terminal = {name: site.environ[name] for name in _TERMINAL if name in site.environ}
    spec = replace(
        LaunchSpec(**document),
        name="airflow",
        command=(airflow, *arguments),
        protected={**document["protected"], **terminal, "MWAA_HARNESS_SERVICE": "airflow"},
        startup_script=None,
    )
    path = run_spec(site.state, spec)
    try:
        return process.attach([sys.executable, "-I", LAUNCHER, path], env=dict(site.environ))
    finally:
        path.unlink(missing_ok=True)
