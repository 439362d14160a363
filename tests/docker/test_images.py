"""The images: what is in them, what must not be, and what making them again costs."""

from __future__ import annotations

import json
import secrets
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from packaging.utils import canonicalize_name

from harness import process
from harness.events import ignore_events
from harness.images.archive import export_images, import_images
from harness.images.engine import FoundImage, find_image, open_engine
from harness.images.root_import import import_root
from harness.workerenv.matrix import support_row
from harness.workerenv.shim import SHIM_SOURCE
from harness.workerenv.verify import locked_packages
from tests.docker.private_index import ENDLESS, PACKAGE, PrivateIndex, serve_index
from tests.docker_requirement import require_docker
from tests.environments import CommandProject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.docker, pytest.mark.network, pytest.mark.slow]

ROW = support_row("2.5.1")
AIRFLOW = "mwaa-harness/airflow:2.5.1"
PYTHON = "/opt/mwaa-worker/bin/python"
DOCKERFILE = Path(__file__).parents[2] / "docker" / "Dockerfile"
MEGABYTE = 10**6
CHUNK = 1 << 22
# In a file of the last layer: when it is found, contents of files can be.
SEARCHABLE = "ANSWER = 18"


class ImageProject(CommandProject):
    """A project whose images are made; the command gives them."""

    def require(self, *lines: str) -> None:
        self.write("requirements/requirements.txt", "".join(f"{line}\n" for line in lines))

    def images(self) -> dict[str, dict[str, Any]]:
        """What `images --json` says, by reference."""
        return {entry["reference"]: entry for entry in json.loads(self.succeed("images", "--json").stdout)}

    def image(self) -> str:
        """The reference of the project's own image."""
        return list(self.images())[-1]


@dataclass(frozen=True)
class Baked:
    """A project image whose making had secrets at hand."""

    reference: str
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def project(
    fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ImageProject]:
    require_docker(fenced_environ)
    name = f"images-{secrets.token_hex(4)}"
    made = ImageProject(tmp_path_factory.mktemp("images") / "Ein Projekt", fenced_environ)
    made.write("mwaa.toml", f'[environment]\nname = "{name}"\n')
    made.succeed("images")
    yield made
    with open_engine(fenced_environ) as client:
        for image in client.images.list(name=f"mwaa-harness/{name}"):
            client.images.remove(str(image.id))


@pytest.fixture(scope="module")
def airflow(project: ImageProject) -> str:
    """The image without requirements, made."""
    assert AIRFLOW in project.images()
    return AIRFLOW


@pytest.fixture(scope="module")
def index() -> Iterator[PrivateIndex]:
    with serve_index("reader", f"password-{secrets.token_hex(8)}") as serving:
        yield serving


@pytest.fixture(scope="module")
def baked(project: ImageProject, index: PrivateIndex, tmp_path_factory: pytest.TempPathFactory) -> Baked:
    """The image of a project whose requirement comes from an index behind a password."""
    certificate = f"certificate of a company {secrets.token_hex(8)}"
    bundle = tmp_path_factory.mktemp("certificates") / "bundle.pem"
    trusted = Path(project.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    bundle.write_bytes(trusted.read_bytes() + f"\n# {certificate}\n".encode())
    project.environ |= {"PIP_EXTRA_INDEX_URL": index.address, "SSL_CERT_FILE": str(bundle)}
    project.require(f"{PACKAGE}==1.0")
    return Baked(project.image(), (certificate, index.credentials.partition(":")[2]))


def found(project: ImageProject, reference: str) -> FoundImage:
    with open_engine(project.environ) as client:
        image = find_image(client, reference)
    assert image is not None
    return image


def run_in(image: str, *command: str, expected: int = 0) -> str:
    """What `command` prints in a container of `image`."""
    done = process.capture(
        ["docker", "run", "--rm", "--network", "none", "--entrypoint", command[0], image, *command[1:]],
        timeout=120,
    )
    assert done.exit_status == expected, done.stderr
    return done.stdout


def packages_in(image: str) -> dict[str, str]:
    listed = run_in(image, PYTHON, "-m", "pip", "list", "--format", "json")
    return {canonicalize_name(entry["name"]): entry["version"] for entry in json.loads(listed)}


def test_holds_the_packages_of_the_native_environment_and_no_other(airflow: str) -> None:
    version = run_in(airflow, PYTHON, "-c", "import platform; print(platform.python_version())")
    assert packages_in(airflow) == locked_packages(ROW.base_lock, version.strip())


def test_redirects_aws_calls_as_the_native_environment_does(airflow: str) -> None:
    folder = "/opt/mwaa-worker/lib/python3.10/site-packages"
    assert run_in(airflow, "cat", f"{folder}/_mwaa_aws_redirect.py") == SHIM_SOURCE.read_text(
        encoding="utf-8"
    )
    loaded = "import sys; print('_mwaa_aws_redirect' in sys.modules)"
    assert run_in(airflow, PYTHON, "-c", loaded).strip() == "True"


def test_runs_as_an_unprivileged_user_in_the_folders_of_mwaa(airflow: str) -> None:
    said = run_in(airflow, "sh", "-c", "id -un; pwd; touch dags/a plugins/b requirements/c && echo writable")
    assert said.split() == ["airflow", "/usr/local/airflow", "writable"]
    run_in(airflow, "sh", "-c", "! touch /entrypoint /opt/mwaa-harness/x /usr/local/lib/x 2>/dev/null")


def test_has_no_tools_for_building(airflow: str) -> None:
    run_in(airflow, "sh", "-c", "! command -v gcc cc make && ! ls /build/* /root/.cache 2>/dev/null")


def test_loads_airflow_without_compiling_anything(airflow: str) -> None:
    # Whoever runs may not write beside the interpreter's modules; what is not compiled costs at every start.
    code = (
        "import os, sys, airflow.jobs.scheduler_job\n"
        "kept = [getattr(module, '__cached__', None) for module in list(sys.modules.values())]\n"
        "print([path for path in kept if path and not os.path.exists(path)])"
    )
    assert run_in(airflow, PYTHON, "-B", "-c", code).splitlines()[-1] == "[]"


def test_is_no_larger_than_it_may_be(project: ImageProject) -> None:
    assert found(project, AIRFLOW).size <= 800 * MEGABYTE


def test_says_what_it_is(project: ImageProject) -> None:
    with open_engine(project.environ) as client:
        configuration = client.images.get(AIRFLOW).attrs["Config"]
    assert configuration["Labels"]["org.opencontainers.image.version"] == "2.5.1"
    assert configuration["Healthcheck"]["Test"] == ["CMD", "/entrypoint", "health"]
    assert configuration["Entrypoint"] == ["/entrypoint"]


def test_a_build_argument_chooses_the_architecture(airflow: str, tmp_path: Path) -> None:
    del airflow  # the engine is there
    reference = f"mwaa-harness/test-arm64-{secrets.token_hex(4)}:1"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n", encoding="utf-8")
    build = ("docker", "buildx", "build", "--progress", "plain")
    process.check([*build, "--platform", "linux/arm64", "--tag", reference, tmp_path], timeout=60)
    ours = ("--file", DOCKERFILE, "--target", "python", "--build-arg", f"PYTHON_IMAGE={reference}", tmp_path)
    try:
        chosen = process.capture([*build, "--build-arg", "TARGETPLATFORM=linux/arm64", *ours], timeout=60)
        default = process.capture([*build, *ours], timeout=60)
    finally:
        process.check(["docker", "rmi", reference])
    # It has no shell, which the first step needs: so far it comes only with an image of this architecture.
    assert "/bin/sh" in chosen.stderr
    assert "/bin/sh" not in default.stderr
    assert (chosen.exit_status, default.exit_status) == (1, 1)


def test_second_time_makes_nothing(project: ImageProject) -> None:
    project.require()
    before = project.images()
    done = project.succeed("images", "--json")
    assert {entry["reference"]: entry for entry in json.loads(done.stdout)} == before
    assert done.stderr == ""


def test_requirements_are_installed_as_mwaa_finds_them(airflow: str, baked: Baked) -> None:
    assert packages_in(baked.reference) == {**packages_in(airflow), PACKAGE: "1.0"}
    stamp = (
        "sha256sum requirements/requirements.txt | cut -d' ' -f1; cat /opt/mwaa-worker/requirements.sha256"
    )
    first, second = run_in(baked.reference, "sh", "-c", stamp).split()
    assert first == second


def test_changed_requirement_adds_one_layer_to_what_was_there(project: ImageProject, baked: Baked) -> None:
    project.require(f"{PACKAGE}==1.0", "# another line")
    changed = found(project, project.image())
    assert changed.id != found(project, baked.reference).id
    assert changed.layers[:-1] == found(project, AIRFLOW).layers


def test_neither_certificates_nor_passwords_are_in_any_layer(
    project: ImageProject, baked: Baked, tmp_path: Path
) -> None:
    archive = tmp_path / "image.tar"
    process.check(["docker", "save", "--output", archive, baked.reference], timeout=300)
    sought = (SEARCHABLE, *baked.secrets, *own_certificates(project, baked.reference))
    assert find_texts(archive, sought) == {SEARCHABLE}
    history = process.check(["docker", "history", "--no-trunc", baked.reference]).stdout
    assert not any(secret in history for secret in baked.secrets)


def test_requirement_that_cannot_be_installed_is_explained_as_natively(project: ImageProject) -> None:
    project.require("# one", "mwaa-test-absent==1.0")
    done = project.run("images")
    assert done.returncode == 1
    assert "cannot be installed" in done.stderr
    assert "requirements/requirements.txt:2" in done.stderr
    assert not list(project.state.cache.glob("images-*"))


def test_interrupted_build_leaves_nothing_behind(project: ImageProject, index: PrivateIndex) -> None:
    project.environ["PIP_EXTRA_INDEX_URL"] = index.address
    project.require(f"{ENDLESS}==1.0")
    running = project.start("images")
    assert index.asked_for_endless.wait(120)
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert not list(project.state.cache.glob("images-*"))
    commands = [child.info["cmdline"] or [] for child in psutil.process_iter(["cmdline"])]
    assert not [words for words in commands if "build" in words and str(project.root) in " ".join(words)]
    project.require()
    assert project.images()[AIRFLOW]["origin"] == "built"


def test_images_travel_in_one_file(project: ImageProject, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "word").write_text("Überfahrt", encoding="utf-8")
    reference = f"mwaa-harness/test-{secrets.token_hex(4)}:1"
    archive = tmp_path / "images.tar"
    with open_engine(project.environ) as client:
        import_root(client, root, reference)
        before = find_image(client, reference)
        export_images((reference,), archive, project.environ, ignore_events)
        client.images.remove(reference)
        assert find_image(client, reference) is None
        assert import_images(client, archive, ignore_events) == (reference,)
        assert find_image(client, reference) == before
        client.images.remove(reference)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith("partial")] == []


def test_no_engine_is_said_with_what_to_do(project: ImageProject, tmp_path: Path) -> None:
    elsewhere = ImageProject(
        tmp_path / "project", {**project.environ, "DOCKER_HOST": f"unix://{tmp_path}/none"}
    )
    done = elsewhere.run("images")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no Docker engine answers")
    assert "docker/engine" in done.stderr


def own_certificates(project: ImageProject, image: str) -> set[str]:
    """A line from the middle of each certificate that this machine trusts and no package brings along."""
    trusted = Path(project.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    blocks = trusted.read_text("ascii", "ignore").split("-----BEGIN CERTIFICATE-----")
    lines = {lines[10] for block in blocks if len(lines := block.splitlines()) > 12}
    packaged = "find / -xdev -path '*/site-packages/*cacert.pem' -exec cat {} + 2>/dev/null"
    public = run_in(image, "sh", "-c", f"cat /etc/ssl/certs/ca-certificates.crt; {packaged}; true")
    return lines - set(public.splitlines())


def find_texts(archive: Path, texts: tuple[str, ...]) -> set[str]:
    """Those of `texts` that are in the file `archive`; tar keeps the contents of files as they are."""
    wanted = {text: text.encode() for text in texts}
    overlap = max(map(len, wanted.values()), default=0)
    seen: set[str] = set()
    tail = b""
    with archive.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            window = tail + chunk
            seen |= {text for text, encoded in wanted.items() if encoded in window}
            tail = window[-overlap:]
    return seen
