"""Parses the working tree's DAGs in the worker environment, with what the scheduler's process sees.

No environment needs to run: seeds stand in as variables of the process, which Airflow looks at before its
database. The files are bound where a component has them, so what is serialized equals what the scheduler
keeps.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import process
from harness.errors import HarnessError
from harness.project.seed_variables import seed_variables
from harness.runner.parse_report import ParseReport, read_report
from harness.runtime.airflow_variables import AirflowInputs, layered_variables
from harness.runtime.home_binding import INSIDE_FOLDER, LAUNCHER, probe_home_binding
from harness.runtime.launch_spec import STARTUP_SCRIPT, airflow_launch_spec
from harness.runtime.plan import plan_endpoints
from harness.runtime.secrets import ensure_secrets
from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config.model import Settings
    from harness.project.layout import Project
    from harness.project.seeds import Seeds
    from harness.runtime.backend import Endpoints

_SECONDS = 900.0
_NOWHERE = {"postgres": 1, "localstack": 1, "webserver": 8080}
_NO_SECRETS_BACKEND = {"AIRFLOW__SECRETS__BACKEND": "", "AIRFLOW__SECRETS__BACKEND_KWARGS": "{}"}


def parse_working_tree(
    *,
    project: Project,
    settings: Settings,
    environ: Mapping[str, str],
    worker_environment: Path,
    endpoints: Endpoints | None,
    seeds: Seeds,
) -> ParseReport:
    """Parse every DAG file of `project`.

    Args:
        project: the project.
        settings: its settings.
        environ: this process's variables.
        worker_environment: root folder of the worker environment.
        endpoints: where its environment answers, when one is running.
        seeds: what the environment will hold when DAGs run.

    Raises:
        HarnessError: the parser itself failed; a broken DAG is part of the report.
    """
    binding = probe_home_binding()
    secrets = ensure_secrets(project.state)
    with tempfile.TemporaryDirectory(prefix="mwaa-parse-") as scratch:
        home = Path(scratch) / "home"
        airflow_home = binding.airflow_home(home)
        trees = {"dags": project.dags_folder, "plugins": project.plugins_folder}
        _furnish(home, project)
        for name, tree in trees.items():
            if binding.works or not tree.is_dir():
                (home / name).mkdir()
            else:
                (home / name).symlink_to(tree)
        inputs = AirflowInputs(
            settings=settings,
            component=Role.SCHEDULER,
            endpoints=endpoints or plan_endpoints(settings, _NOWHERE, secrets),
            secrets=secrets,
            airflow_home=airflow_home,
            path=environ.get("PATH", ""),
            worker_environment=worker_environment,
            inside_folder=INSIDE_FOLDER,
            host_variables=environ,
            database_dsn=(endpoints or plan_endpoints(settings, _NOWHERE, secrets)).database_dsn,
        )
        spec = airflow_launch_spec(
            name="parser",
            command=(str(worker_environment / "bin" / "python"), str(INSIDE_FOLDER / "parse_dags.py")),
            variables=layered_variables(inputs),
            home=home,
            task_logs=home / "logs",
            binding=binding,
            startup_seconds=settings.local.startup_script_seconds,
            marks={
                "PYTHONDONTWRITEBYTECODE": "1",
                **seed_variables(seeds, settings),
                **({} if endpoints else _NO_SECRETS_BACKEND),
            },
        )
        document = asdict(spec)
        if binding.works:
            bound = [(str(tree), f"{airflow_home}/{name}") for name, tree in trees.items() if tree.is_dir()]
            document["bindings"] = [*document["bindings"], *bound]
        answer = _ask(document, Path(scratch), {name: f"{airflow_home}/{name}" for name in trees})
    return read_report(
        _with_own_paths(answer, {f"{airflow_home}/{name}": str(tree) for name, tree in trees.items()})
    )


def _furnish(home: Path, project: Project) -> None:
    for name in ("logs", "config", "startup"):
        (home / name).mkdir(parents=True)
    if project.startup_script.is_file():
        shutil.copyfile(project.startup_script, home / STARTUP_SCRIPT)


def _ask(spec: Mapping[str, Any], scratch: Path, folders: Mapping[str, str]) -> dict[str, Any]:
    spec_file, answer_file = scratch / "spec.json", scratch / "answer.json"
    spec_file.write_text(json.dumps(spec), encoding="utf-8")
    request = {
        "dags_folder": folders["dags"],
        "plugins_folder": folders["plugins"],
        "answer": str(answer_file),
    }
    done = process.capture(
        [sys.executable, "-I", LAUNCHER, spec_file], stdin=json.dumps(request), timeout=_SECONDS, env={}
    )
    try:
        document: dict[str, Any] = json.loads(answer_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(
            f"the DAG files could not be parsed: the parser ended with exit status {done.exit_status}",
            hint="A DAG file may end the process it is parsed in; the last lines above say which.",
            evidence=tuple(done.stderr.strip().splitlines()[-20:]),
        ) from error
    return document


def _with_own_paths(answer: Any, places: Mapping[str, str]) -> Any:
    """`answer` with the working tree's paths instead of the parser's; serialized DAGs stay as they are."""
    if isinstance(answer, dict):
        return {
            key: value if key == "serialized" else _with_own_paths(value, places)
            for key, value in answer.items()
        }
    if isinstance(answer, list):
        return [_with_own_paths(value, places) for value in answer]
    if isinstance(answer, str):
        for inside, outside in places.items():
            answer = answer.replace(f"{inside}/", f"{outside}/")
    return answer
