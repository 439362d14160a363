"""Run startup.sh as MWAA does: by bash, in AIRFLOW_HOME, before Airflow, within a time limit.

What it exports is captured when its shell ends, however that happens (facts 6; AWS's own wrapper loses the
variables when the script exits early or changes its directory). Standard library only.
"""

from __future__ import annotations

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Any, NoReturn

DEFAULT_SECONDS = 300
GRACE_SECONDS = 5
BASH = "/bin/bash"

# The script is sourced, as on MWAA; the trap writes the environment even after `exit`, `set -e` or `cd`.
_DRIVER = """
__mwaa_dump=$1 __mwaa_script=$2
set --
__mwaa_write() { /usr/bin/env -0 > "$__mwaa_dump"; }
trap __mwaa_write EXIT
source "$__mwaa_script"
__mwaa_status=$?
__mwaa_write
exit $__mwaa_status
"""
_OWN = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "BASH_EXECUTION_STRING"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_EXPECTED_WATCHTOWER = "2.0.1"


def run(spec: dict[str, Any], environment: dict[str, str]) -> dict[str, str]:
    """Run the startup script of `spec` if there is one; the exports that count, by name."""
    script = spec["startup_script"]
    if not os.path.isfile(script):
        say("No startup script found, skipping execution.")
        return {}
    seconds = spec.get("startup_seconds", DEFAULT_SECONDS)
    handle, dump = tempfile.mkstemp(prefix="mwaa-startup-")
    os.close(handle)
    try:
        status, took = execute(script, dump, environment, seconds)
        after = read_dump(dump)
    finally:
        os.unlink(dump)
    if status is None:
        say(f"Startup script timed out after {seconds:g} seconds.")
        say("What it exported is lost; the component starts without it, as on MWAA.")
        return {}
    say(f"Finished running startup script. Execution time: {took:.1f}s.")
    if status != 0:
        say(f"The startup script ended with exit status {status}; the component starts nevertheless.")
    verify(spec)
    return settle(after, environment, spec)


def execute(script: str, dump: str, environment: dict[str, str], seconds: float) -> tuple[int | None, float]:
    """Run the script; its exit status, None when it took too long, and the time it took."""
    began = time.monotonic()
    child = subprocess.Popen(
        [BASH, "-c", _DRIVER, "startup.sh", dump, script],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    previous = signal.signal(signal.SIGTERM, lambda number, _: _stopped(child, number))
    reader = threading.Thread(target=_relay, args=(child.stdout,), daemon=True)
    reader.start()
    try:
        status = child.wait(seconds)
    except subprocess.TimeoutExpired:
        status = None
        _end(child)
    signal.signal(signal.SIGTERM, previous)
    reader.join(1.0)  # a process the script left in the background may hold the pipe for ever
    return status, time.monotonic() - began


def settle(after: dict[str, str], before: dict[str, str], spec: dict[str, Any]) -> dict[str, str]:
    """The exports that count; says which ones do not, and why."""
    exports = {}
    protected, options = spec.get("protected", {}), spec.get("options", {})
    reserved = {*spec.get("reserved", ()), *protected}
    for name in sorted(after):
        if name in _OWN or not _NAME.match(name) or before.get(name) == after[name]:
            continue
        if name in reserved:
            say(f"{name} is reserved by MWAA: the service's value overwrites the startup script's.")
        elif name in options:
            say(f"{name} is set by a configuration option, which overwrites the startup script's value.")
        else:
            exports[name] = after[name]
    return exports


def verify(spec: dict[str, Any]) -> None:
    """MWAA's look at what the script left behind; it reports and stops nothing."""
    say("Running verification")
    prefix = os.path.dirname(os.path.dirname(spec["command"][0]))
    folders = glob.glob(os.path.join(prefix, "lib", "python3*", "site-packages"))
    expected = {
        "apache_airflow": spec["environment"].get("AIRFLOW_VERSION")
        or spec.get("protected", {}).get("AIRFLOW_VERSION"),
        "watchtower": _EXPECTED_WATCHTOWER,
    }
    for folder in folders[:1]:
        for name, version in expected.items():
            if version and not os.path.isdir(os.path.join(folder, f"{name}-{version}.dist-info")):
                say(f"Validation Error: {name.replace('_', '-')} is not {version}.")
    say("Verification completed")


def read_dump(path: str) -> dict[str, str]:
    """The variables the shell ended with; none when it was killed before it could write them."""
    with open(path, "rb") as file:
        entries = file.read().decode("utf-8", "surrogateescape").split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def say(text: str) -> None:
    """One line to the service's log."""
    sys.stdout.write(f"[startup.sh] {text}\n")
    sys.stdout.flush()


def _relay(pipe: IO[bytes]) -> None:
    for line in pipe:
        say(line.decode("utf-8", "replace").rstrip("\n"))


def _end(child: subprocess.Popen[bytes]) -> None:
    for number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, None)):
        try:
            os.killpg(child.pid, number)
            child.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _stopped(child: subprocess.Popen[bytes], number: int) -> NoReturn:
    """The launcher itself is told to stop: the script goes first."""
    _end(child)
    sys.exit(128 + number)
