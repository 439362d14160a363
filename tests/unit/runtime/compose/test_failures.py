from __future__ import annotations

import pytest

from harness.runtime.compose.failures import find_failed_service, translate

# As Docker 20.10 to 28 and Compose 2.26 say it.
SAID = {
    "no engine": (
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "no Docker engine answers",
        "--runtime native",
    ),
    "no permission": (
        (
            "permission denied while trying to connect to the Docker daemon socket at "
            "unix:///var/run/docker.sock: "
            'Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/json": dial unix /var/run/docker.sock: '
            "connect: permission denied"
        ),
        "does not let this user in",
        "usermod -aG docker",
    ),
    "no Compose v2": (
        "docker: 'compose' is not a docker command.\nSee 'docker --help'",
        "Docker has no Compose v2 plugin",
        "install it",
    ),
    "port taken": (
        (
            " Container x-webserver-1  Starting\nError: driver failed programming external "
            "connectivity on endpoint x: Bind for 127.0.0.1:8080 failed: port is already allocated"
        ),
        "a port is taken",
        "local.webserver_port",
    ),
    "image missing": (
        (
            "worker Pulling\nworker Error\nError: pull access denied for mwaa-harness/x, "
            "repository does not exist or may require 'docker login'"
        ),
        "an image is missing",
        "make images",
    ),
    "disk full": (
        "Error: failed to mkdir /var/lib/docker/overlay2/x: no space left on device",
        "the disk of the Docker engine is full",
        "docker system prune",
    ),
    "engine dies": (
        "error during connect: Post http://docker: EOF",
        "no Docker engine answers",
        "start Docker",
    ),
    "no address range": (
        (
            "failed to create network x_aws: Error response from daemon: could not find an available, "
            "non-overlapping IPv4 address pool among the defaults to assign to the network"
        ),
        "no address range left",
        "docker network prune",
    ),
}


@pytest.mark.parametrize(("said", "message", "hint"), SAID.values(), ids=SAID)
def test_what_compose_says_becomes_an_error_with_a_hint(said: str, message: str, hint: str) -> None:
    error = translate(said)

    assert message in error.message
    assert hint in (error.hint or "")
    assert error.evidence


def test_words_nobody_knows_are_shown_as_they_are() -> None:
    error = translate("one\n\nthe whale is asleep\n", action="the containers could not be stopped")

    assert error.message == "the containers could not be stopped: the whale is asleep"
    assert error.evidence == ("one", "the whale is asleep")


@pytest.mark.parametrize(
    ("said", "service"),
    [
        ('service "migrate" didn\'t complete successfully: exit 1', "migrate"),
        ("dependency failed to start: container mwaa-a7a3-localstack-1 is unhealthy", "localstack"),
        ("dependency failed to start: container mwaa-a7a3-postgres-1 exited (1)", "postgres"),
        ("something else", None),
    ],
)
def test_the_service_that_is_to_blame_is_found(said: str, service: str | None) -> None:
    assert find_failed_service(said) == service
