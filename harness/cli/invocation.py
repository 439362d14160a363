"""What every command gets: the project, the environment's variables and the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.console import Console
from harness.cli.project_root import find_project_root
from harness.project.layout import STATE_FOLDER, StateFolder

if TYPE_CHECKING:
    from harness.config.load import LoadedSettings
    from harness.local_environment import LocalEnvironment


@dataclass
class Invocation:
    """One run of the command. `named_project` is the value of `--project`."""

    environ: Mapping[str, str]
    console: Console
    working_folder: Path
    named_project: Path | None = None

    @property
    def root(self) -> Path:
        """The project's folder.

        Raises:
            UsageError: `--project` names no folder.
        """
        return find_project_root(self.named_project, self.working_folder)

    @property
    def state(self) -> StateFolder:
        """The project's state folder."""
        return StateFolder(self.root / STATE_FOLDER)

    def load_settings(self) -> LoadedSettings:
        """The project's settings.

        Raises:
            CollectedError: some of them are wrong.
        """
        from harness.config.load import load_settings  # noqa: PLC0415 - --help does not need it

        return load_settings(self.root, self.environ, {})

    def open_environment(self, overrides: Mapping[str, object] | None = None) -> LocalEnvironment:
        """The project's environment, running or not; `overrides` are values of flags.

        Raises:
            CollectedError: some settings are wrong.
        """
        from harness.local_environment import open_environment  # noqa: PLC0415 - as above

        return open_environment(self.root, self.environ, overrides or {})
