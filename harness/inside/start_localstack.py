"""Start LocalStack, listening where GATEWAY_LISTEN says and nowhere else.

LocalStack 4.7 takes the port from GATEWAY_LISTEN but listens on every address of the machine
(localstack/runtime/server/twisted.py, "TODO: interface = host?"). And it keeps the models of all AWS services
in memory when it has to build its index of them, some 300 MB: a child builds the index instead, once.
Runs in LocalStack's own environment.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from twisted.internet import endpoints

LOOPBACK = "127.0.0.1"


class LoopbackEndpoint(endpoints.TCP4ServerEndpoint):
    """A TCP endpoint that listens on the loopback address."""

    def __init__(self, reactor: Any, port: int, backlog: int = 128, interface: str = LOOPBACK) -> None:
        super().__init__(reactor, port, backlog=backlog, interface=interface or LOOPBACK)


def build_index(evidence: str) -> None:
    """Have the index of AWS services built by a child, unless the file `evidence` says that it was."""
    if os.path.exists(evidence):
        return
    child = os.fork()
    if child == 0:
        status = 1
        try:
            from localstack import config  # the parent shall not hold what this imports
            from localstack.aws.spec import get_service_catalog

            config.dirs.mkdirs()
            get_service_catalog()
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1] == 0:
        with open(evidence, "w", encoding="ascii"):
            pass


def make_queue(url: str) -> None:
    """Put the Celery queue into LocalStack's store; the control plane makes it too, with the same attributes.

    It must be there before the port answers: after LocalStack was lost, a scheduler that finds it answering
    without the queue fails the task it is sending.
    """
    from localstack.services.sqs.models import StandardQueue, sqs_stores

    region, account_id, name = url.split("/")[-3:]
    queue = StandardQueue(name, region, account_id, {"VisibilityTimeout": "43200"})
    sqs_stores[account_id][region].queues[name] = queue


def main() -> int:
    """Run LocalStack until it is told to stop."""
    build_index(os.path.join(os.environ["FILESYSTEM_ROOT"], "index-built"))
    endpoints.TCP4ServerEndpoint = LoopbackEndpoint
    if "MWAA_HARNESS_QUEUE_URL" in os.environ:
        make_queue(os.environ["MWAA_HARNESS_QUEUE_URL"])
    from localstack.runtime.main import main as run_localstack  # after the line above

    return run_localstack()


if __name__ == "__main__":
    sys.exit(main())
