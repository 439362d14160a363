"""What the launcher is told about one service. Pure; `harness/inside/launch.py` documents the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.runtime.forced_options import CELERY_CONFIG_MODULE
from harness.runtime.home_binding import INSIDE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.runtime.airflow_variables import AirflowVariables
    from harness.runtime.home_binding import HomeBinding

STARTUP_SCRIPT = Path("startup") / "startup.sh"
"""Where a component's home holds the startup script, once the control plane has synced it."""


@dataclass(frozen=True)
class LaunchSpec:
    """How the launcher prepares a process and what it becomes; the fields are the JSON's keys."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    options: Mapping[str, str] = field(default_factory=dict)
    protected: Mapping[str, str] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()
    bindings: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    directory: str | None = None
    startup_script: str | None = None
    startup_seconds: float = 300

    def to_json(self) -> str:
        """The spec as the launcher reads it. Holds secrets: keep the file private."""
        return json.dumps(asdict(self), indent=2)


def airflow_launch_spec(
    *,
    name: str,
    command: Sequence[str],
    variables: AirflowVariables,
    home: Path,
    task_logs: Path,
    binding: HomeBinding,
    startup_seconds: float | None,
    marks: Mapping[str, str] | None = None,
) -> LaunchSpec:
    """The spec of a component, or of an Airflow command, that lives in the folder `home`.

    Args:
        name: the service's name.
        command: program and arguments.
        variables: the layers of its environment, made for `binding.airflow_home(home)`.
        home: the component's home folder on this machine; must exist, with a folder `logs`, when bound.
        task_logs: the folder all components share for task logs.
        binding: whether the home is seen at MWAA's path. Without it the caller links `home/logs` to
            `task_logs`.
        startup_seconds: time limit of the startup script; None runs no script.
        marks: more variables, protected like MWAA's own.
    """
    airflow_home = binding.airflow_home(home)
    bindings = ((str(home), airflow_home), (str(task_logs), f"{airflow_home}/logs"))
    module = f"{airflow_home}/config/{CELERY_CONFIG_MODULE}.py"
    return LaunchSpec(
        name=name,
        command=tuple(command),
        environment=variables.defaults,
        options=variables.options,
        protected={**variables.protected, **(marks or {})},
        reserved=tuple(sorted(variables.reserved)),
        bindings=bindings if binding.works else (),
        files=((str(INSIDE_FOLDER / "celery_config.py"), module),),
        directory=airflow_home,
        startup_script=None if startup_seconds is None else f"{airflow_home}/{STARTUP_SCRIPT}",
        startup_seconds=startup_seconds or 0,
    )
