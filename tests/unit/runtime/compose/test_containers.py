from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from harness.runtime.compose.containers import ContainerInfo, describe_containers, describe_exit, read_moment
from harness.runtime.services import Role


def document(service: str, number: int = 1, **state: Any) -> dict[str, Any]:
    return {
        "Id": f"{service}{number}".ljust(64, "0"),
        "RestartCount": 0,
        "Config": {
            "Labels": {
                "com.docker.compose.service": service,
                "com.docker.compose.container-number": str(number),
            }
        },
        "State": {
            "Status": "running",
            "Pid": 42,
            "StartedAt": "2026-11-21T03:48:28.123456789Z",
            "ExitCode": 0,
            "OOMKilled": False,
            **state,
        },
    }


def one(**state: Any) -> ContainerInfo:
    (info,) = describe_containers([document("worker", **state)])
    return info


def test_a_service_with_one_container_is_called_as_the_service() -> None:
    infos = describe_containers([document("worker"), document("postgres"), document("migrate")])

    assert [info.name for info in infos] == ["migrate", "postgres", "worker"]
    assert [info.role for info in infos] == [None, Role.POSTGRES, Role.WORKER]


def test_several_containers_of_a_service_are_numbered_in_order() -> None:
    infos = describe_containers([document("worker", number) for number in (10, 2, 1)])

    assert [info.name for info in infos] == ["worker-1", "worker-2", "worker-10"]


def test_a_container_is_called_on_its_network_by_the_beginning_of_its_id() -> None:
    assert one().host == "worker100000"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, None),
        ({"Status": "created"}, None),
        ({"Status": "exited", "ExitCode": 0}, "exit status 0"),
        ({"Status": "exited", "ExitCode": 3}, "exit status 3"),
        ({"Status": "exited", "ExitCode": 137}, "killed by SIGKILL"),
        ({"Status": "exited", "ExitCode": 137, "OOMKilled": True}, "killed: it reached its memory limit"),
        ({"Status": "exited", "ExitCode": 190}, "killed by signal 62"),
    ],
)
def test_how_it_ended(state: dict[str, Any], said: str | None) -> None:
    assert describe_exit(one(**state)) == said


def test_the_engines_times_have_nanoseconds_and_a_zero() -> None:
    assert read_moment("2026-11-21T03:48:28.123456789Z") == datetime(
        2026, 11, 21, 3, 48, 28, 123456, tzinfo=timezone.utc
    )
    assert read_moment("2026-11-21T05:48:28+02:00") == datetime(2026, 11, 21, 3, 48, 28, tzinfo=timezone.utc)
    assert read_moment("0001-01-01T00:00:00Z") is None
