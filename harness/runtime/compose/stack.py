r"""The compose file for a Swarm: what `docker stack deploy` understands of what Compose understands.

    docker compose config --format json | python -m harness.runtime.compose.stack --workers 3 \
        | docker stack deploy --compose-file - mwaa

`docker stack deploy` reads an older format: it knows no conditions (containers wait for what they need by
themselves), no name and no address to publish a port on. A Swarm publishes on every address of every node,
so nothing is published unless `--publish` says what.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "3.8"

_UNKNOWN = frozenset({"depends_on", "restart", "entrypoint", "ports"})
_ONE_SHOT = "migrate"
_BY_NAME = frozenset({"postgres", "localstack"})  # long-lived connections, which a virtual address would cut


def stack_document(
    config: Mapping[str, Any], *, replicas: Mapping[str, int], publish: Mapping[str, int], settings: str
) -> dict[str, Any]:
    """The document for `docker stack deploy`.

    Args:
        config: what `docker compose config --format json` says.
        replicas: how many containers a service shall have, where that is not one.
        publish: the port on which a service shall be reachable, on every node.
        settings: names the content of the settings; a Swarm's configs never change.
    """
    return {
        "version": VERSION,
        "services": {
            name: _service(name, service, replicas.get(name, 1), publish.get(name))
            for name, service in config["services"].items()
        },
        "networks": {name: {} for name in config["networks"]},
        "volumes": {name: {} for name in config["volumes"]},
        "configs": {
            name: {"name": f"{name}-{settings}", "file": one["file"]}
            for name, one in config["configs"].items()
        },
    }


def _service(name: str, service: Mapping[str, Any], replicas: int, port: int | None) -> dict[str, Any]:
    kept = {key: value for key, value in service.items() if key not in _UNKNOWN and value is not None}
    deploy = {**kept.get("deploy", {}), "replicas": replicas}
    if name == _ONE_SHOT:
        deploy["restart_policy"] = {"condition": "on-failure"}
    if name in _BY_NAME and port is None:
        deploy["endpoint_mode"] = "dnsrr"
    document = {
        **kept,
        "deploy": deploy,
        "volumes": [_volume(volume) for volume in kept.get("volumes", ())],
    }
    if port is not None:
        document["ports"] = [{"target": one["target"], "published": port} for one in service["ports"]]
    return document


def _volume(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in volume.items() if key not in {"bind", "volume"}}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.runtime.compose.stack")
    parser.add_argument("--workers", type=int, default=1, metavar="NUMBER")
    parser.add_argument("--schedulers", type=int, default=1, metavar="NUMBER")
    parser.add_argument(
        "--publish", action="append", default=[], metavar="SERVICE=PORT", help="reachable on every node"
    )
    chosen = parser.parse_args(arguments)
    config = json.load(sys.stdin)
    settings = Path(config["configs"]["settings"]["file"]).read_bytes()
    published = dict(entry.split("=", 1) for entry in chosen.publish)
    document = stack_document(
        config,
        replicas={"worker": chosen.workers, "scheduler": chosen.schedulers},
        publish={name: int(port) for name, port in published.items()},
        settings=hashlib.sha256(settings).hexdigest()[:12],
    )
    json.dump(document, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
