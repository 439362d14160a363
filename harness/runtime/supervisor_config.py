"""The text that tells supervisord about the services. Pure.

Every path in it leads through the supervisor's own short private folder, which holds links to the
interpreter, the launcher, the launch specs and the logs: Supervisor's format has no way to write every
path (a `%`, a blank before `;`), and a socket's path may not be longer than about a hundred bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.runtime.services import Service

PYTHON_LINK = "python"
LAUNCHER_LINK = "launch.py"
SPECS_LINK = "specs"
LOGS_LINK = "logs"
SOCKET = "supervisor.sock"
CONFIG = "supervisord.conf"

_LOG_BYTES = "10MB"
_STEADY_SECONDS = 10
"""A process that ends sooner than this counts as failing to start, which makes the next start wait longer."""
_START_RETRIES = 30


def write_config(folder: Path, services: Sequence[Service], instance: str) -> str:
    """The configuration of a supervisord that lives in `folder` and runs `services`, none by itself."""
    sections = [
        _section(
            "supervisord",
            logfile=folder / LOGS_LINK / "supervisord.log",
            logfile_maxbytes="1MB",
            logfile_backups="1",
            pidfile=folder / "supervisord.pid",
            childlogdir=folder / LOGS_LINK,
            directory=folder,
            minfds="256",
            minprocs="50",
        ),
        _section("unix_http_server", file=folder / SOCKET, chmod="0700"),
        _interface("supervisor", "supervisor.rpcinterface:make_main_rpcinterface"),
        _interface("exits", "harness.runtime.supervisor_exits:make_interface", instance=instance),
        *(_program(folder, service) for service in services),
    ]
    return "\n".join(sections)


def _program(folder: Path, service: Service) -> str:
    spec = folder / SPECS_LINK / f"{service.name}.json"
    return _section(
        f"program:{service.name}",
        command=f"{folder / PYTHON_LINK} -I {folder / LAUNCHER_LINK} {spec}",
        directory=folder,
        autostart="false",
        autorestart="true",
        startsecs=_STEADY_SECONDS,
        startretries=_START_RETRIES,
        stopsignal=service.stop[0].signal,
        stopwaitsecs=round(sum(grade.seconds for grade in service.stop)) + 1,
        killasgroup="true",
        redirect_stderr="true",
        stdout_logfile=folder / LOGS_LINK / f"{service.name}.log",
        stdout_logfile_maxbytes=_LOG_BYTES,
        stdout_logfile_backups="1",
    )


def _interface(name: str, factory: str, **options: str) -> str:
    return _section(f"rpcinterface:{name}", **{"supervisor.rpcinterface_factory": factory}, **options)


def _section(name: str, **options: object) -> str:
    lines = [f"[{name}]", *(f"{key} = {value}" for key, value in options.items())]
    return "\n".join(lines) + "\n"
