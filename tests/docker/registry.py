"""A registry on loopback, the one that Debian packages, with images as their publishers would push them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import httpx

from harness import process
from harness.errors import HarnessError
from harness.runtime.ports import choose_ports
from harness.waiting import Answer, Hopeless, NotYet, Ready, wait_until
from tests.giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PROGRAM = "docker-registry"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def require_registry(environ: Mapping[str, str]) -> None:
    """Skip the test where Debian's registry is not installed; in CI fail it."""
    if shutil.which(PROGRAM, path=environ["PATH"]) is None:
        give_up(f"there is no {PROGRAM}: apt-get install {PROGRAM}")


class Registry:
    """A running registry."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"

    def publish(self, reference: str, environ: Mapping[str, str]) -> None:
        """Push the image `reference` of the engine in `environ`, without the labels that we give."""
        name, _, tag = reference.partition(":")
        path = name if "/" in name else f"library/{name}"
        there = f"{self.address}/{path}:{tag}"
        process.check(["docker", "tag", reference, there], env=environ)
        process.check(["docker", "push", "--quiet", there], env=environ, timeout=300)
        process.check(["docker", "rmi", there], env=environ)
        with httpx.Client(base_url=f"{self.url}/v2/{path}", trust_env=False, timeout=60) as client:
            _remove_labels(client, tag)


def _remove_labels(client: httpx.Client, tag: str) -> None:
    manifest: dict[str, Any] = client.get(f"/manifests/{tag}", headers={"Accept": _MANIFEST}).json()
    configuration = client.get(f"/blobs/{manifest['config']['digest']}").json()
    for part in ("config", "container_config"):
        configuration.get(part, {}).pop("Labels", None)
    content = json.dumps(configuration).encode()
    digest = f"sha256:{sha256(content).hexdigest()}"
    place = httpx.URL(client.post("/blobs/uploads/").raise_for_status().headers["location"])
    client.put(place.copy_merge_params({"digest": digest}), content=content).raise_for_status()
    manifest["config"] |= {"digest": digest, "size": len(content)}
    headers = {"Content-Type": _MANIFEST}
    client.put(f"/manifests/{tag}", content=json.dumps(manifest), headers=headers).raise_for_status()


@contextmanager
def serve_registry(folder: Path) -> Iterator[Registry]:
    """A registry that keeps its images in the new folder `folder`."""
    registry = Registry(choose_ports({PROGRAM: 0}, {})[PROGRAM])
    folder.mkdir()
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": registry.address},
    }
    (folder / "settings.yml").write_text(json.dumps(settings), encoding="utf-8")  # YAML reads JSON
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [PROGRAM, "serve", str(folder / "settings.yml")], stdout=log, stderr=log, env=dict(os.environ)
        )

    def answer() -> Answer:
        if server.poll() is not None:
            return Hopeless(HarnessError(f"it ended; see {folder}/log"))
        try:
            return Ready(httpx.get(f"{registry.url}/v2/", trust_env=False).reason_phrase)
        except httpx.HTTPError as error:
            return NotYet(str(error))

    try:
        wait_until(answer, subject="the registry", seconds=30)
        yield registry
    finally:
        server.terminate()
        server.wait()
