"""TCP ports on 127.0.0.1: free ones to take, and who holds one that is taken."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import psutil

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def find_holder(port: int) -> str | None:
    """The process that listens on `port`, as "name (pid 42)"; None when this user may not know."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return None
    for connection in connections:
        address = connection.laddr
        if connection.status != psutil.CONN_LISTEN or not address or not connection.pid:
            continue
        if address.port == port:
            with contextlib.suppress(psutil.Error):
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            return f"pid {connection.pid}"
    return None


def choose_ports(configured: Mapping[str, int], remembered: Mapping[str, int]) -> dict[str, int]:
    """One free port per name: the configured one, else the remembered one, else any.

    Args:
        configured: the port each name shall have; 0 means any.
        remembered: the ports of an earlier start, kept when they are still free.

    Raises:
        HarnessError: a configured port is taken; names the port and its holder.
    """
    chosen: dict[str, int] = {}
    for name, port in configured.items():
        if port:
            _require_free(name, port)
            chosen[name] = port
    taken = set(chosen.values())
    for name, port in configured.items():
        if port:
            continue
        known = remembered.get(name, 0)
        chosen[name] = known if known and known not in taken and is_free(known) else _any_free(taken)
        taken.add(chosen[name])
    return chosen


def _require_free(name: str, port: int) -> None:
    if is_free(port):
        return
    holder = find_holder(port)
    raise HarnessError(
        f"port {port} for {name} is taken by {holder or 'a process of another user'}",
        hint=f"stop that process, or set local.{name}_port to another port; 0 takes a free one",
    )


def _any_free(taken: set[int]) -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
