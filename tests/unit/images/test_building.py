from __future__ import annotations

from pathlib import Path

import pytest

from harness.images.building import Build, build_arguments, last_words, translate_failure

BUILD = Build(
    "a/b:1",
    Path("/context/docker/Dockerfile"),
    Path("/context"),
    target="base",
    arguments={"B": "2", "A": "1"},
    labels={"l": "x y"},
)
LOG = """\
#7 [base 3/9] RUN uv pip sync
#7 0.512 error: Failed to fetch: https://reader:word@index.example/simple/x/
#7 0.600   cause: connection refused
#7 ERROR: process "/bin/sh -c uv pip sync" did not complete successfully: exit code: 1
"""


def test_arguments_name_everything_and_the_context_last() -> None:
    words = build_arguments(BUILD, ("--secret", "id=s,src=/s"))
    assert words[:2] == ("docker", "build")
    assert words[-3:] == ("--secret", "id=s,src=/s", "/context")
    joined = " ".join(words)
    for part in (
        "--target base",
        "--tag a/b:1",
        "--build-arg A=1 --build-arg B=2",
        "--label l=x y",
        "--file /context/docker/Dockerfile",
    ):
        assert part in joined


def test_last_words_are_the_steps_own_without_credentials() -> None:
    first, *_ = last_words(LOG)
    assert first == "error: Failed to fetch: https://****@index.example/simple/x/"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            "write /var/lib: no space left on device",
            "disk of the Docker engine is full",
            "docker system prune",
        ),
        ("Cannot connect to the Docker daemon", "went away", "docker/engine"),
        ("ERROR: BuildKit is enabled but the buildx component is missing", "no BuildKit", "buildx"),
        (LOG, "the image a/b:1 cannot be built", "index"),
    ],
)
def test_failure_says_what_happened_and_what_to_do(said: str, message: str, hint: str) -> None:
    error = translate_failure(BUILD, said)
    assert message in error.message
    assert hint in str(error.hint)
