"""A Docker engine of one's own: empty, beside the machine's, to be filled up, cut off or ended.

It needs root and `dockerd`. Its containers reach each other and this machine's loopback, not the internet;
builds use the machine's network.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness import process
from harness.errors import HarnessError
from harness.waiting import Answer, Hopeless, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_numbers = itertools.count()
# The machine's engine has the kernel drop what crosses a bridge it does not know.
_STAY_ON_A_BRIDGE = ("FORWARD", "--match", "physdev", "--physdev-is-bridged", "--jump", "ACCEPT")


class OwnEngine:
    """A `dockerd` with all its state in one folder. The folder's path is short: it holds a socket."""

    def __init__(self, folder: Path, bridge: str, options: Sequence[str]) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self.address = f"unix://{self.socket}"
        self._command = [
            *("dockerd", "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
            *("--pidfile", str(folder / "pid"), "--host", self.address),
            *("--bridge", bridge, "--iptables=false", "--ip6tables=false", *options),
        ]
        self._daemon: subprocess.Popen[bytes] | None = None

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` for commands that should use this engine."""
        return {**environ, "DOCKER_HOST": self.address}

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            daemon = subprocess.Popen(self._command, stdout=log, stderr=log)
        self._daemon = daemon
        environ = self.environ(os.environ)

        def answer() -> Answer:
            if daemon.poll() is not None:
                return Hopeless(HarnessError(f"it ended; see {self.folder}/log"))
            asked = process.capture(["docker", "version"], env=environ, timeout=20)
            return Ready("it answers") if asked.exit_status == 0 else NotYet("it does not answer yet")

        wait_until(answer, subject="the engine", seconds=60)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the daemon with the signal `number` and wait for that; its containers may live on."""
        if self._daemon is not None:
            self._daemon.send_signal(number)
            self._daemon.wait()
            self._daemon = None


@contextmanager
def own_engine(options: Sequence[str] = (), *, room: str = "") -> Iterator[OwnEngine]:
    """A running engine that is gone without a trace afterwards.

    Args:
        options: of `dockerd`.
        room: how large its disk is, as mount(8) has it, e.g. "900m"; without it, the machine's.
    """
    with TemporaryDirectory(prefix="mwaa-engine-", ignore_cleanup_errors=True) as name, _bridge() as bridge:
        engine = OwnEngine(Path(name), bridge, options)
        with _disk(engine.folder / "data", room):
            try:
                engine.start()
                yield engine
            finally:
                _clear(engine)
                engine.end()


@contextmanager
def _bridge() -> Iterator[str]:
    # A bridge of its own: an engine that is told to have none takes the other engine's away.
    number = next(_numbers)
    name = f"mwaaown{os.getpid() % 10000}x{number}"[:15]
    process.check(["ip", "link", "add", name, "type", "bridge"])
    try:
        process.check(["ip", "address", "add", f"172.31.{77 + number}.1/24", "dev", name])
        process.check(["iptables", "--insert", *_STAY_ON_A_BRIDGE])
        try:
            yield name
        finally:
            process.check(["iptables", "--delete", *_STAY_ON_A_BRIDGE])
    finally:
        process.check(["ip", "link", "delete", name])


@contextmanager
def _disk(folder: Path, room: str) -> Iterator[None]:
    folder.mkdir()
    if not room:
        yield
        return
    process.check(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", folder])
    try:
        yield
    finally:
        process.check(["umount", "--recursive", "--lazy", folder])


def _clear(engine: OwnEngine) -> None:
    """Remove containers and networks; the kernel would keep the networks' bridges."""
    environ = engine.environ(os.environ)
    listed = process.capture(["docker", "ps", "--all", "--quiet"], env=environ, timeout=60).stdout.split()
    if listed:
        process.capture(["docker", "rm", "--force", *listed], env=environ, timeout=120)
    process.capture(["docker", "network", "prune", "--force"], env=environ, timeout=60)
