"""docker-compose.yml says what the table of services says; Compose itself reads the file."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest

import harness
from harness import process
from harness.config.model import EnvironmentSettings, Settings
from harness.images.ensure import Images
from harness.runtime.compose.command import (
    ComposeCommand,
    ComposeInputs,
    compose_environment,
    compose_file,
    compose_variables,
)
from harness.runtime.compose.places import LOCALSTACK_PORT, WEBSERVER_PORT
from harness.runtime.compose.situation import make_situation
from harness.runtime.localstack import localstack_variables
from harness.runtime.postgres import PostgresPrograms
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role
from harness.runtime.services_table import AIRFLOW_ROLES, stop_grades

pytestmark = pytest.mark.docker

SECRETS = EnvironmentSecrets("fernet", "webserver", "postgres", "admin")
TABLE = make_situation(Settings(), SECRETS, {}).table()
OURS = (Role.CONTROLPLANE, *AIRFLOW_ROLES)

# What is different in a container, and why.
OF_THE_MACHINE = {
    *("GATEWAY_LISTEN", "LOCALSTACK_HOST"),  # a container listens on its own network
    *("FILESYSTEM_ROOT", "LOCALSTACK_VOLUME_DIR", "TMPDIR", "HOME"),  # and has its own folders
    *("OVERRIDE_IN_DOCKER", "PYTHONDONTWRITEBYTECODE"),
    "SQS_ENDPOINT_STRATEGY",  # two networks, two names
}


def read_file(**variables: str) -> dict[str, Any]:
    """The file as Compose understands it."""
    command = ComposeCommand("test", compose_file(), Path(harness.__file__).parent.parent)

    done = process.check(
        command.line("config", "--format", "json"), env=compose_environment(os.environ, variables)
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def file() -> dict[str, Any]:
    return read_file()


def seconds(text: str) -> float:
    minutes, _, rest = text.rpartition("m")
    return 60 * int(minutes or 0) + float(rest.rstrip("s"))


def test_it_has_the_services_of_the_table_and_the_migration(file: dict[str, Any]) -> None:
    assert set(file["services"]) == {role.value for role in TABLE} | {"migrate"}


@pytest.mark.parametrize("role", list(Role))
def test_services_stop_as_in_the_table(file: dict[str, Any], role: Role) -> None:
    service, grades = file["services"][role.value], stop_grades(role)

    assert service["stop_signal"] == f"SIG{grades[0].signal}"
    assert seconds(service["stop_grace_period"]) == sum(grade.seconds for grade in grades)


@pytest.mark.parametrize("role", OURS)
def test_services_of_the_airflow_image_are_told_their_role_and_nothing_of_airflow(
    file: dict[str, Any], role: Role
) -> None:
    service = file["services"][role.value]

    assert service["command"] == [role.value]
    assert service["environment"]["MWAA_ROLE"] == role.value
    assert not [name for name in service["environment"] if not name.startswith("MWAA_")]
    assert service["healthcheck"]["test"] == ["CMD", "/entrypoint", "health"]
    assert service["init"] is True


@pytest.mark.parametrize("role", AIRFLOW_ROLES)
def test_components_need_what_the_table_says(file: dict[str, Any], role: Role) -> None:
    needs = file["services"][role.value]["depends_on"]

    assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert {*needs} == {*TABLE[role].depends_on} - {"postgres"} | {"migrate"}
    assert {*file["services"]["migrate"]["depends_on"]} == {"postgres"}


def test_postgres_runs_with_the_settings_of_the_table(file: dict[str, Any]) -> None:
    server = PostgresPrograms(Path("/bin")).server(Path("/data"), 5432)
    pairs = itertools.pairwise(server)
    wanted = {value for flag, value in pairs if flag == "-c"}
    given = {part.removeprefix("-c") for part in file["services"]["postgres"]["command"][1:]}

    assert given == {
        one for one in wanted if not one.startswith(("listen_addresses=", "unix_socket_directories="))
    }


def test_localstack_is_configured_as_in_the_table(file: dict[str, Any]) -> None:
    wanted = localstack_variables(LOCALSTACK_PORT, Path("/somewhere"))
    given = file["services"]["localstack"]["environment"]

    assert {name: given.get(name) for name in wanted if name not in OF_THE_MACHINE} == {
        name: value for name, value in wanted.items() if name not in OF_THE_MACHINE
    }


def test_ports_are_those_of_the_table_and_published_on_loopback_alone(file: dict[str, Any]) -> None:
    published = {
        name: port for name, service in file["services"].items() for port in service.get("ports", ())
    }

    assert {name: port["target"] for name, port in published.items()} == {
        role.value: service.port for role, service in TABLE.items() if service.port
    }
    assert published["webserver"]["target"] == WEBSERVER_PORT
    assert {port["host_ip"] for port in published.values()} == {"127.0.0.1"}


def test_only_the_control_plane_sees_the_project(file: dict[str, Any]) -> None:
    seeing = {
        name: volume["read_only"]
        for name, service in file["services"].items()
        for volume in service.get("volumes", ())
        if volume["target"] == "/project"
    }

    assert seeing == {"controlplane": True}


def test_the_backend_gives_every_variable_of_the_file_a_value() -> None:
    settings = Settings(environment=EnvironmentSettings(environment_class="mw1.large"))
    inputs = ComposeInputs(
        settings=settings,
        settings_file=Path("/p/.mwaa/run/compose/mwaa.toml"),
        project=Path("/p"),
        task_logs=Path("/p/.mwaa/logs/container-tasks"),
        images=Images("airflow:x", "postgres:x", "localstack:x"),
        ports={"postgres": 1, "localstack": 2, "webserver": 3},
        secrets=SECRETS,
        digest="d",
    )
    variables = compose_variables(inputs)
    text = compose_file().read_text(encoding="utf-8")
    named = {part.split(":-")[0].rstrip("}") for part in text.split("${")[1:]}
    services = read_file(**variables)["services"]

    assert set(variables) == named
    assert {services[name]["ports"][0]["published"] for name in ("postgres", "localstack", "webserver")} == {
        "1",
        "2",
        "3",
    }
    assert services["webserver"]["environment"]["MWAA_WEBSERVER_URL"] == "http://127.0.0.1:3"
    assert services["worker"]["deploy"]["resources"]["limits"]["memory"] == str(8 * 1024**3)


def test_by_hand_no_secret_is_known_beforehand(file: dict[str, Any]) -> None:
    given = file["services"]["scheduler"]["environment"]

    assert {
        given[name] for name in ("MWAA_FERNET_KEY", "MWAA_WEBSERVER_SECRET_KEY", "MWAA_ADMIN_PASSWORD")
    } == {""}
