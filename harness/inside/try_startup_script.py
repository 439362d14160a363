"""Run startup.sh as one component would, and tell how it ended; nothing is installed on this machine.

Standard input: {"script", "environment", "bindings", "directory", "stand_ins", "seconds"}, as in `launch.py`.
Standard output: {"status": exit status or null when it took too long, "line": the last line that was begun,
"output": its last words}. `stand_ins` is an empty folder that comes first on PATH: there `sudo` runs its
command without rights, and package managers succeed and do nothing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import Any

BASH = "/bin/bash"
_DRIVER = """
__mwaa_place=$1 __mwaa_script=$2
set -T --
trap '[ "${BASH_SOURCE[0]}" = "$__mwaa_script" ] && echo "$LINENO" > "$__mwaa_place"' DEBUG
source "$__mwaa_script"
"""
_SUDO = """#!/bin/bash
while [[ "$1" == -* || "$1" == *=* ]]; do
  case "$1" in -u|-g|-h|-p) shift 2 ;; *=*) export "$1"; shift ;; *) shift ;; esac
done
exec "$@"
"""
_NOTHING = """#!/bin/bash
echo "$(basename "$0") $*: not done while checking" >&2
"""
_WITHOUT_EFFECT = ("yum", "dnf", "rpm", "pip", "pip3", "systemctl", "service", "reboot", "shutdown")
_LAST_WORDS = 2000


def main() -> None:
    """Run, then tell."""
    spec = json.load(sys.stdin)
    if spec["bindings"]:
        sys.path.append(os.path.dirname(os.path.realpath(__file__)))
        __import__("private_mounts").bind_folders(spec["bindings"])
    stand_ins = spec["stand_ins"]
    write_program(os.path.join(stand_ins, "sudo"), _SUDO)
    for name in _WITHOUT_EFFECT:
        write_program(os.path.join(stand_ins, name), _NOTHING)
    environment = {
        **spec["environment"],
        "PATH": f"{stand_ins}:{spec['environment'].get('PATH', os.defpath)}",
    }
    os.chdir(spec["directory"])
    json.dump(run(spec["script"], environment, spec["seconds"]), sys.stdout)


def write_program(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)  # noqa: S103 -- a program


def run(script: str, environment: dict[str, str], seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="mwaa-startup-") as scratch:
        place, said = os.path.join(scratch, "line"), os.path.join(scratch, "output")
        with open(said, "wb") as output:
            child = subprocess.Popen(
                [BASH, "-c", _DRIVER, "startup.sh", place, script],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                status: int | None = child.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
        end_group(child)
        return {"status": status, "line": int(read(place) or 1), "output": read(said)[-_LAST_WORDS:]}


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End the script, and what it left running in the background."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    main()
