"""Command lines and variables for Docker Compose. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from harness.config.model import Settings
from harness.images.ensure import Images
from harness.runtime.compose import situation
from harness.runtime.environment_classes import ENVIRONMENT_CLASSES
from harness.runtime.secrets import EnvironmentSecrets

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE = "docker-compose.yml"
_OWN = "MWAA_"
_COMPOSE = "COMPOSE_"


@dataclass(frozen=True)
class ComposeCommand:
    """Compose, told about one environment.

    Attributes:
        name: the compose project name.
        file: the compose file.
        folder: what relative paths in it are relative to.
    """

    name: str
    file: Path
    folder: Path

    def line(self, *arguments: str) -> tuple[str, ...]:
        return (
            *("docker", "compose", "--ansi", "never", "--progress", "plain"),
            *("--project-name", self.name, "--file", str(self.file), "--project-directory", str(self.folder)),
            *arguments,
        )

    def up(self, scales: Mapping[str, int], services: Sequence[str] = ()) -> tuple[str, ...]:
        """Start what is not running, and start anew what is described otherwise by now."""
        scaling = tuple(part for name, count in scales.items() for part in ("--scale", f"{name}={count}"))
        return self.line("up", "--detach", "--no-build", "--remove-orphans", *scaling, *services)

    def down(self) -> tuple[str, ...]:
        """Stop and remove containers and networks; volumes stay."""
        return self.line("down", "--remove-orphans")

    def discard(self) -> tuple[str, ...]:
        """As `down`, and the volumes too."""
        return self.line("down", "--remove-orphans", "--volumes")


@dataclass(frozen=True)
class ComposeInputs:
    """What the variables of the compose file depend on.

    Attributes:
        settings: the project's settings.
        settings_file: where they are written for containers.
        project: the project's folder.
        task_logs: the folder for task logs.
        images: what to run.
        ports: the published port of each service that has one.
        secrets: the environment's secrets.
        digest: another one starts the Airflow services anew.
    """

    settings: Settings
    settings_file: Path
    project: Path
    task_logs: Path
    images: Images
    ports: Mapping[str, int]
    secrets: EnvironmentSecrets
    digest: str


def compose_file() -> Path:
    """The compose file: beside this package where it was installed, else in the source tree."""
    package = Path(harness.__file__).parent
    installed = package / "runtime" / "compose" / _FILE
    return installed if installed.is_file() else package.parent / _FILE


def compose_variables(inputs: ComposeInputs) -> dict[str, str]:
    """A value for every variable of the compose file."""
    chosen = ENVIRONMENT_CLASSES[inputs.settings.environment.environment_class]
    return {
        "MWAA_PROJECT": str(inputs.project),
        "MWAA_SETTINGS": str(inputs.settings_file),
        "MWAA_TASK_LOGS": str(inputs.task_logs),
        "MWAA_IMAGE": inputs.images.airflow,
        "MWAA_POSTGRES_IMAGE": inputs.images.postgres,
        "MWAA_LOCALSTACK_IMAGE": inputs.images.localstack,
        **{f"MWAA_{name.upper()}_PORT": str(port) for name, port in inputs.ports.items()},
        **memory_variables(chosen.worker_memory, chosen.webserver_memory),
        situation.DATABASE_PASSWORD: inputs.secrets.postgres_password,
        situation.FERNET_KEY: inputs.secrets.fernet_key,
        situation.WEBSERVER_SECRET_KEY: inputs.secrets.webserver_secret_key,
        situation.ADMIN_PASSWORD: inputs.secrets.admin_password,
        situation.INPUTS: inputs.digest,
    }


def memory_variables(worker: int, webserver: int) -> dict[str, str]:
    """Limits for the components of an environment class, in GiB; our own services need what they need."""
    return {
        "MWAA_SCHEDULER_MEMORY": f"{worker}g",
        "MWAA_WORKER_MEMORY": f"{worker}g",
        "MWAA_TRIGGERER_MEMORY": f"{worker}g",
        "MWAA_WEBSERVER_MEMORY": f"{webserver}g",
        "MWAA_POSTGRES_MEMORY": "1g",
        "MWAA_LOCALSTACK_MEMORY": "2g",
        "MWAA_CONTROLPLANE_MEMORY": "1g",
    }


def compose_environment(environ: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """What Compose itself gets: the shell's variables, but none that would name another environment."""
    kept = {name: value for name, value in environ.items() if not name.startswith((_OWN, _COMPOSE))}
    return {**kept, **variables}
