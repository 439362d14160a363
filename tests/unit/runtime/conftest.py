"""A real supervisord over small processes, in a folder whose path has a blank and letters beyond ASCII."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.config.model import LocalSettings, Settings
from harness.events import ignore_events
from harness.project.layout import locate_project
from harness.runtime.home_binding import LAUNCHER
from harness.runtime.marks import mark
from harness.runtime.services import Role, Service, StopGrade
from harness.runtime.short_folder import prepare_short_folder, remove_short_folder
from harness.runtime.site import Site, make_site
from harness.runtime.stopping import clear_leftovers
from harness.runtime.supervisor_config import CONFIG, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.runtime.supervisor import Supervisor


@dataclass(frozen=True)
class Stand:
    """A site whose services are shell scripts."""

    site: Site

    @property
    def supervisor(self) -> Supervisor:
        return self.site.supervisor

    @property
    def logs(self) -> Path:
        return self.site.state.logs

    def launch(self, scripts: Mapping[str, str], grades: Sequence[StopGrade] = ()) -> dict[str, Service]:
        """A supervisord that knows one service per script; none is started."""
        services = {
            name: Service(
                name=name,
                role=Role(name.partition("-")[0]),
                command=("/bin/sh", "-c", script),
                environment={"PATH": os.environ["PATH"], **mark(self.site.instance, name)},
                stop=tuple(grades) or (StopGrade("TERM", 2.0),),
            )
            for name, script in scripts.items()
        }
        self.write(tuple(services.values()))
        self.supervisor.launch(os.environ, self.site.instance)
        return services

    def write(self, services: Sequence[Service]) -> None:
        """Write what the launcher and supervisord read."""
        specs = self.site.state.run / "specs"
        for folder in (specs, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        for service in services:
            spec = {
                "name": service.name,
                "command": service.command,
                "environment": dict(service.environment),
            }
            (specs / f"{service.name}.json").write_text(json.dumps(spec), encoding="utf-8")
        prepare_short_folder(self.site.short_folder, launcher=LAUNCHER, specs=specs, logs=self.logs)
        config = write_config(self.site.short_folder, services, self.site.instance)
        (self.site.short_folder / CONFIG).write_text(config, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    root = tmp_path / "a proj%ct; # with ümlauts"
    root.mkdir()
    return make_site(locate_project(root, LocalSettings()), Settings(), os.environ)


@pytest.fixture
def stand(site: Site) -> Iterator[Stand]:
    yield Stand(site)
    if site.supervisor.is_answering():
        site.supervisor.shutdown()
    clear_leftovers(site, ignore_events)
    remove_short_folder(site.short_folder)


def say(text: str) -> str:
    """A shell command that prints `text`."""
    return f"printf '%s\\n' {shlex.quote(text)}"
