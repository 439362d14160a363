from __future__ import annotations

import docker.errors
import pytest
import requests.exceptions

from harness.errors import HarnessError
from harness.images.engine import open_engine, translate, translated


def refused(said: str) -> docker.errors.APIError:
    return docker.errors.APIError("500 Server Error", explanation=said)


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (
            docker.errors.DockerException("x", PermissionError(13, "Permission denied")),
            "does not let",
            "group docker",
        ),
        (
            requests.exceptions.ConnectionError(FileNotFoundError(2, "No such file")),
            "no Docker engine",
            "docker/engine",
        ),
        (requests.exceptions.ReadTimeout("Read timed out."), "in time", "log"),
        (refused("write /var: no space left on device"), "disk", "docker system prune"),
        (refused("invalid reference format"), "refused: invalid reference format", "log"),
    ],
)
def test_failure_says_what_happened_and_what_to_do(error: Exception, message: str, hint: str) -> None:
    found = translate(error)
    assert message in found.message
    assert hint in str(found.hint)


def test_foreign_exceptions_are_translated_at_the_edge() -> None:
    with pytest.raises(HarnessError, match="refused: no such container"), translated():
        raise refused("no such container")


def test_absent_engine_is_said(tmp_path: object) -> None:
    with (
        pytest.raises(HarnessError, match="no Docker engine answers"),
        open_engine({"DOCKER_HOST": f"unix://{tmp_path}/absent.sock"}),
    ):
        pytest.fail("it opened")
