"""Start LocalStack, listening where GATEWAY_LISTEN says and nowhere else.

LocalStack 4.7 takes the port from GATEWAY_LISTEN but listens on every address of the machine
(localstack/runtime/server/twisted.py, "TODO: interface = host?"). Runs in LocalStack's own environment.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import endpoints

LOOPBACK = "127.0.0.1"


class LoopbackEndpoint(endpoints.TCP4ServerEndpoint):
    """A TCP endpoint that listens on the loopback address."""

    def __init__(self, reactor: Any, port: int, backlog: int = 128, interface: str = LOOPBACK) -> None:
        super().__init__(reactor, port, backlog=backlog, interface=interface or LOOPBACK)


def main() -> int:
    """Run LocalStack until it is told to stop."""
    endpoints.TCP4ServerEndpoint = LoopbackEndpoint
    from localstack.runtime.main import main as run_localstack  # after the line above

    return run_localstack()


if __name__ == "__main__":
    sys.exit(main())
