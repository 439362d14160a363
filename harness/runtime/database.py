"""The database cluster: made and migrated once, kept as a template, copied back when data were discarded.

`cluster.json` beside a cluster is written last: a cluster without it was interrupted and is made anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness import process
from harness.errors import HarnessError
from harness.project.layout import StateFolder
from harness.runtime.postgres import PostgresPrograms, postgres_variables
from harness.runtime.private_files import make_folder, state_folder_error, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.runtime.secrets import EnvironmentSecrets

_FORMAT = 1


@dataclass(frozen=True)
class ClusterKey:
    """What a migrated cluster depends on; another key is another cluster."""

    postgres: str
    airflow: str
    secrets: str
    contents: str

    @property
    def name(self) -> str:
        return f"postgres-{self.postgres}-airflow-{self.airflow}-{self.secrets[:8]}-{self.contents[:8]}"


@dataclass(frozen=True)
class Database:
    """The cluster of one project and its template."""

    state: StateFolder
    programs: PostgresPrograms

    @property
    def cluster(self) -> Path:
        return self.state.data / "postgres"

    @property
    def _marker(self) -> Path:
        return self.state.data / "postgres.json"

    def template(self, key: ClusterKey) -> Path:
        return self.state.cache / key.name

    def is_migrated(self, key: ClusterKey) -> bool:
        """Whether the cluster is there, whole, and Airflow's tables are in it.

        Raises:
            HarnessError: it was made with other secrets or for another Airflow release.
        """
        try:
            made = json.loads(self._marker.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return False
        if not (self.cluster / "PG_VERSION").is_file():
            return False
        if made.get("secrets") != key.secrets:
            raise HarnessError(
                "the database was made with other secrets than those in .mwaa/secrets.json",
                hint="put the old secrets.json back, or discard the data: mwaa-harness down --volumes",
            )
        if made.get("airflow") != key.airflow or made.get("postgres") != key.postgres:
            raise HarnessError(
                f"the database belongs to Airflow {made.get('airflow')} on PostgreSQL {made.get('postgres')}",
                hint="discard the data: mwaa-harness down --volumes",
            )
        return True

    def restore_template(self, key: ClusterKey) -> bool:
        """Copy the template to an absent cluster; False when there is no template."""
        template = self.template(key)
        if not (template / "PG_VERSION").is_file():
            return False
        self._copy(template, self.cluster)
        self.declare_migrated(key)
        return True

    def create(self, secrets: EnvironmentSecrets, environ: Mapping[str, str]) -> None:
        """Make an empty cluster in place of whatever is there."""
        self.discard()
        make_folder(self.state.data)
        make_folder(self.state.run)
        password_file = self.state.run / "postgres-password"
        write_private(password_file, secrets.postgres_password)
        try:
            self.cluster.mkdir(mode=0o700)
            self._give_to_owner(self.cluster)
            command = self.programs.initdb(self.cluster, password_file)
            process.check(command, env=postgres_variables(environ.get("PATH", "")), timeout=120)
        except OSError as error:
            raise state_folder_error(self.cluster, error) from error
        except process.CommandError as error:
            raise HarnessError(
                f"PostgreSQL could not make its cluster in {self.cluster}",
                hint="its own words are above; free space or make the folder writable if they ask for it",
                evidence=error.evidence,
            ) from error
        finally:
            password_file.unlink(missing_ok=True)

    def declare_migrated(self, key: ClusterKey) -> None:
        """Say that the cluster is whole."""
        write_private(self._marker, json.dumps({"format": _FORMAT, **asdict(key)}, indent=1) + "\n")

    def known_roles(self) -> str:
        """The digest that `remember_roles` was last given for this cluster."""
        try:
            return str(json.loads(self._marker.read_text(encoding="utf-8")).get("roles", ""))
        except (OSError, ValueError):
            return ""

    def remember_roles(self, digest: str) -> None:
        """Say that the web server of an environment with this `digest` has written its permissions."""
        made = json.loads(self._marker.read_text(encoding="utf-8"))
        if made.get("roles") != digest:
            write_private(self._marker, json.dumps({**made, "roles": digest}, indent=1) + "\n")

    def keep_template(self, key: ClusterKey) -> None:
        """Copy the cluster, whose server is stopped, to the template; older templates go."""
        make_folder(self.state.cache)
        for old in self.state.cache.glob("postgres-*"):
            shutil.rmtree(old, ignore_errors=True)
        self._copy(self.cluster, self.template(key))

    def discard(self) -> None:
        """Delete the cluster.

        Raises:
            HarnessError: something in it cannot be deleted.
        """
        self._marker.unlink(missing_ok=True)
        try:
            if self.cluster.exists():
                shutil.rmtree(self.cluster)
        except OSError as error:
            raise state_folder_error(self.cluster, error) from error

    def remove_stale_pid_file(self) -> None:
        """Remove the server's lock file after its processes were found to be gone."""
        with contextlib.suppress(FileNotFoundError):
            (self.cluster / "postmaster.pid").unlink()

    def _copy(self, source: Path, target: Path) -> None:
        partial = target.with_name(f".{target.name}.partial")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            make_folder(target.parent)
            shutil.copytree(source, partial, copy_function=_copy_durably, symlinks=True)
            for folder, _, files in os.walk(partial):
                for name in (folder, *(os.path.join(folder, file) for file in files)):  # noqa: PTH118 -- hot
                    self._give_to_owner(name)
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
        except (OSError, shutil.Error) as error:
            shutil.rmtree(partial, ignore_errors=True)
            cause = error if isinstance(error, OSError) else OSError(str(error))
            raise state_folder_error(target, cause) from error

    def _give_to_owner(self, path: Path | str) -> None:
        if self.programs.owner is not None:
            os.chown(path, self.programs.owner, self.programs.owner)


def _copy_durably(source: str, target: str) -> str:
    shutil.copy2(source, target)
    handle = os.open(target, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return target
