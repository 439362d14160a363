"""Runs startup.sh as each component would, within MWAA's time limit, without AWS and without rights."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.checks.startup_script import RULES
from harness.config.model import Settings
from harness.errors import HarnessError, Location
from harness.process import capture
from harness.project.layout import Project
from harness.results import Finding
from harness.runtime.airflow_variables import AirflowInputs, airflow_variables
from harness.runtime.backend import Endpoints
from harness.runtime.home_binding import INSIDE_FOLDER, HomeBinding, probe_home_binding
from harness.runtime.launch_spec import STARTUP_SCRIPT
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Iterator


COMPONENTS = (Role.SCHEDULER, Role.WORKER, Role.WEBSERVER)
_NOWHERE = "http://127.0.0.1:9"
_GRACE = 30
_MARKS = {"PIP_DRY_RUN": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
_SHOWN_LINES = 8


@dataclass(frozen=True)
class Site:
    """Where and with what the script runs."""

    project: Project
    settings: Settings
    environ: Mapping[str, str]
    worker_environment: Path
    binding: HomeBinding


@dataclass(frozen=True)
class Ending:
    """How the script ended on one component; no status means that its time was up."""

    component: str
    status: int | None
    line: int
    output: str


def run_on_components(
    project: Project, settings: Settings, environ: Mapping[str, str], worker_environment: Path
) -> list[Finding]:
    """What goes wrong when the script of `project` runs; nothing when there is none.

    Raises:
        HarnessError: the script could not be run at all.
    """
    if not project.startup_script.is_file():
        return []
    site = Site(project, settings, environ, worker_environment, probe_home_binding())

    def run(component: Role) -> Ending:
        with tempfile.TemporaryDirectory(prefix="mwaa-startup-") as scratch:
            spec = _spec(site, component, Path(scratch))
            return _ask(spec, component.value, settings.local.startup_script_seconds)

    with ThreadPoolExecutor(len(COMPONENTS)) as pool:
        endings = list(pool.map(run, COMPONENTS))
    return list(judge_endings(endings, project.startup_script, settings.local.startup_script_seconds))


def judge_endings(endings: list[Ending], script: Path, seconds: float) -> Iterator[Finding]:
    """One finding for each way of ending badly, naming the components."""
    ways: dict[tuple[int | None, int], list[Ending]] = {}
    for ending in endings:
        if ending.status != 0:
            ways.setdefault((ending.status, ending.line), []).append(ending)
    for (status, line), alike in ways.items():
        names = ", ".join(ending.component for ending in alike)
        if status is None:
            rule, message = (
                "startup-script-slow",
                f"{names}: it was still at this line after {seconds:g} seconds",
            )
        else:
            rule, message = "startup-script-fails", f"{names}: it ended here with exit status {status}"
        known = RULES[rule]
        details = tuple(alike[0].output.splitlines()[-_SHOWN_LINES:])
        yield Finding(rule, known.severity, message, Location(script, line), known.fix, details)


def _spec(site: Site, component: Role, scratch: Path) -> dict[str, Any]:
    project, settings = site.project, site.settings
    home, stand_ins = scratch / "home", scratch / "bin"
    for folder in (stand_ins, *(home / name for name in ("dags", "plugins", "logs", "startup"))):
        folder.mkdir(parents=True)
    shutil.copyfile(project.startup_script, home / STARTUP_SCRIPT)
    if project.plugins_folder.is_dir():
        (home / "plugins").rmdir()
        (home / "plugins").symlink_to(project.plugins_folder)
    airflow_home = site.binding.airflow_home(home)
    inputs = AirflowInputs(
        settings=settings,
        component=component,
        endpoints=Endpoints(_NOWHERE, "admin", "", _NOWHERE, settings.local.region, settings.bucket, "", ""),
        secrets=EnvironmentSecrets("", "check", "", ""),
        airflow_home=airflow_home,
        path=site.environ.get("PATH", ""),
        worker_environment=site.worker_environment,
        inside_folder=INSIDE_FOLDER,
        host_variables=site.environ,
        database_dsn="postgresql://nobody@127.0.0.1:9/none",
    )
    return {
        "script": f"{airflow_home}/{STARTUP_SCRIPT}",
        "environment": airflow_variables(inputs) | _MARKS,
        "bindings": [[str(home), airflow_home]] if site.binding.works else [],
        "directory": airflow_home,
        "stand_ins": str(stand_ins),
        "seconds": settings.local.startup_script_seconds,
    }


def _ask(spec: Mapping[str, Any], component: str, seconds: float) -> Ending:
    program = INSIDE_FOLDER / "try_startup_script.py"
    done = capture(
        [sys.executable, "-I", program],
        env={},
        stdin=json.dumps(spec),
        timeout=seconds + _GRACE,
        cwd=Path("/"),
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise HarnessError(
            f"the startup script could not be run as {component}",
            evidence=tuple(done.stderr.splitlines()[-_SHOWN_LINES:]),
        ) from error
    return Ending(component, answer["status"], answer["line"], answer["output"])
