"""Engines that are unlike the tests' own: one that reaches a registry, one that is full, refuses or dies."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from harness.images.references import BaseImage
from tests.docker.conftest import ComposeProject
from tests.docker.own_engine import OwnEngine, own_engine
from tests.docker.registry import Registry, require_registry, serve_registry
from tests.docker_requirement import require_docker
from tests.giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.docker, pytest.mark.network, pytest.mark.slow, pytest.mark.environment]

# Root that file permissions hold for, as they do for everybody else.
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
NOBODY = 65534
ROOM_FOR_BASE_IMAGES = "900m"


@pytest.fixture(scope="module")
def registry(
    fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """A registry that has the base images as if their publishers had pushed them."""
    require_docker(fenced_environ)
    require_registry(fenced_environ)
    if os.geteuid() != 0:
        give_up("an engine of one's own needs root")
    project = ComposeProject(tmp_path_factory.mktemp("publisher") / "project", fenced_environ)
    project.succeed("images")
    with serve_registry(tmp_path_factory.mktemp("registry") / "registry") as serving:
        for image in BaseImage:
            serving.publish(image.reference, fenced_environ)
        yield serving


@pytest.fixture(scope="module")
def engine(registry: Registry) -> Iterator[OwnEngine]:
    """An empty engine that takes Docker Hub's images from the registry."""
    with own_engine(("--registry-mirror", registry.url)) as running:
        yield running


@pytest.fixture(scope="module")
def project(
    engine: OwnEngine, fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> ComposeProject:
    return ComposeProject(tmp_path_factory.mktemp("other") / "project", engine.environ(fenced_environ))


def test_images_that_a_registry_has_are_pulled(project: ComposeProject) -> None:
    done = project.succeed("images", "--json")
    origins = {entry["reference"]: entry["origin"] for entry in json.loads(done.stdout)}
    assert origins == {
        **{image.reference: "published" for image in BaseImage},
        "mwaa-harness/airflow:2.5.1": "built",
    }
    assert "stand-in" not in done.stderr
    assert project.succeed("images", "--json").stderr == ""


def test_an_engine_that_lets_this_user_not_in_is_explained(
    project: ComposeProject, engine: OwnEngine
) -> None:
    before = engine.socket.stat()
    os.chown(engine.socket, NOBODY, NOBODY)
    engine.socket.chmod(0o600)
    try:
        for command in ("images", "up", "status", "down"):
            done = project.run(command, prefix=WITHOUT_PRIVILEGES)
            assert done.returncode == 1, (command, done.stdout, done.stderr)
            assert "the Docker engine does not let this user in" in done.stderr, command
            assert "usermod -aG docker" in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        os.chown(engine.socket, before.st_uid, before.st_gid)
        engine.socket.chmod(before.st_mode & 0o777)


def test_an_engine_that_dies_is_said_and_what_it_ran_comes_back(
    project: ComposeProject, engine: OwnEngine
) -> None:
    project.succeed("up")
    engine.end(signal.SIGKILL)
    for command in (
        ("status",),
        ("logs", "scheduler"),
        ("restart", "scheduler"),
        ("airflow", "version"),
        ("up",),
    ):
        done = project.run(*command)
        assert done.returncode == 1, (command, done.stdout, done.stderr)
        assert "no Docker engine answers" in done.stderr, command
        assert "Traceback" not in done.stderr
    engine.start()

    project.succeed("up")
    project.await_ready(60)
    project.clear_away()


def test_a_full_disk_ends_the_build_with_what_to_do(
    registry: Registry, fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with own_engine(("--registry-mirror", registry.url), room=ROOM_FOR_BASE_IMAGES) as engine:
        project = ComposeProject(tmp_path_factory.mktemp("full") / "project", engine.environ(fenced_environ))
        done = project.run("images")
        assert done.returncode == 1, done.stdout
        assert done.stderr.count(": pulled") == len(BaseImage), done.stderr
        assert "error: the disk of the Docker engine is full" in done.stderr
        assert "docker system prune" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list(project.state.cache.glob("images-*"))
