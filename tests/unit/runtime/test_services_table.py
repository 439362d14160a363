from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.config.model import LocalSettings, Settings
from harness.runtime.backend import Endpoints
from harness.runtime.marks import INSTANCE, SERVICE
from harness.runtime.postgres import PostgresPrograms
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role, Service
from harness.runtime.services_table import (
    ServiceInputs,
    build_services,
    component_names,
    role_of,
    stop_grades,
)

SHELL = {
    "PATH": "/usr/bin",
    "HOME": "/home/ada",
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_PROFILE": "production",
    "MWAA_HARNESS_LOCAL_REGION": "eu-west-1",
}


def inputs(settings: Settings | None = None) -> ServiceInputs:
    chosen = settings or Settings()
    return ServiceInputs(
        settings=chosen,
        secrets=EnvironmentSecrets("fernet", "webserver", "postgres", "admin"),
        endpoints=Endpoints(
            webserver_url="http://127.0.0.1:3",
            username="admin",
            password="admin",
            aws_endpoint_url="http://127.0.0.1:2",
            region="us-east-1",
            bucket="b",
            queue_url="http://127.0.0.1:2/queue/us-east-1/123456789012/airflow-celery-mwaa-local",
            database_dsn="postgresql://airflow:pw@127.0.0.1:1/airflow",
        ),
        ports={"postgres": 1, "localstack": 2, "webserver": 3},
        instance="abc",
        airflow_homes=dict.fromkeys(component_names(chosen), "/usr/local/airflow"),
        worker_environment=Path("/envs/w"),
        inside_folder=Path("/inside"),
        environ=SHELL,
        postgres=PostgresPrograms(Path("/pg/bin")),
        cluster=Path("/data/postgres"),
        localstack_python=Path("/ls/bin/python"),
        localstack_folder=Path("/cache/ls"),
        harness_python=Path("/harness/bin/python"),
        project_root=Path("/my project"),
        go_file=Path("/run/go"),
    )


def table(settings: Settings | None = None) -> dict[str, Service]:
    return {service.name: service for service in build_services(inputs(settings))}


def test_the_table_holds_the_seven_services_in_start_order() -> None:
    assert list(table()) == [
        "postgres",
        "localstack",
        "controlplane",
        "scheduler",
        "worker",
        "webserver",
        "triggerer",
    ]


def test_several_of_one_kind_are_numbered_and_keep_their_role() -> None:
    names = list(table(Settings(local=LocalSettings(schedulers=2, workers=3, triggerer=False))))

    assert names[3:] == ["scheduler-1", "scheduler-2", "worker-1", "worker-2", "worker-3", "webserver"]
    assert {role_of(name) for name in names[3:5]} == {Role.SCHEDULER}


def test_dependencies_come_before_their_dependants() -> None:
    names = list(table())

    for service in table().values():
        assert all(names.index(need) < names.index(service.name) for need in service.depends_on)


@pytest.mark.parametrize("name", ["scheduler", "worker", "webserver", "triggerer"])
def test_components_start_when_database_and_first_sync_are_there(name: str) -> None:
    assert {"postgres", "controlplane"} <= set(table()[name].depends_on)


def test_every_process_is_marked() -> None:
    for service in table().values():
        assert service.environment[INSTANCE] == "abc"
        assert service.environment[SERVICE] == service.name


def test_no_process_gets_the_credentials_of_the_shell() -> None:
    for service in table().values():
        assert "AKIAREALREALREALREAL" not in service.environment.values()
        assert "AWS_PROFILE" not in service.environment


def test_the_control_plane_reads_the_same_settings_as_the_command() -> None:
    controlplane = table()["controlplane"]

    assert controlplane.environment["MWAA_HARNESS_LOCAL_REGION"] == "eu-west-1"
    assert controlplane.command[-2:] == ("--project", "/my project")


def test_no_secret_is_on_a_command_line() -> None:
    for service in table().values():
        for secret in ("fernet", "postgresql://", "pw@"):
            assert not any(secret in part for part in service.command)


def test_workers_do_not_serve_logs_and_differ_in_name() -> None:
    services = table(Settings(local=LocalSettings(workers=2)))

    assert "--skip-serve-logs" in services["worker-1"].command
    assert services["worker-1"].command[-1] == "worker-1@%h"
    assert services["worker-2"].command[-1] == "worker-2@%h"


def test_postgres_recovers_from_a_power_cut_and_listens_on_loopback() -> None:
    command = table()["postgres"].command

    assert "fsync=on" in command
    assert "listen_addresses=127.0.0.1" in command
    assert "unix_socket_directories=" in command


def test_as_root_postgres_drops_its_privileges() -> None:
    postgres = PostgresPrograms(Path("/pg/bin"), owner=65534)
    services = build_services(replace(inputs(), postgres=postgres))

    assert services[0].command[0] == "setpriv"


def test_localstack_keeps_its_files_below_one_folder_and_asks_nobody() -> None:
    environment = table()["localstack"].environment

    assert environment["GATEWAY_LISTEN"] == "127.0.0.1:2"
    for name in ("FILESYSTEM_ROOT", "LOCALSTACK_VOLUME_DIR", "TMPDIR", "HOME"):
        assert environment[name].startswith("/cache/ls")
    assert environment["DISABLE_EVENTS"] == environment["SKIP_SSL_CERT_DOWNLOAD"] == "1"


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_its_stop_grades(role: Role) -> None:
    assert stop_grades(role)[0].seconds > 0


def test_a_worker_is_first_asked_to_finish_its_tasks() -> None:
    assert [grade.signal for grade in stop_grades(Role.WORKER)] == ["TERM", "QUIT"]
