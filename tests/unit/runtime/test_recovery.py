from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import psutil

from harness.events import ignore_events
from harness.runtime.marks import find_inside, find_marked, instance_of, mark
from harness.runtime.recovery import stop_leftovers
from harness.runtime.stopping import stop_environment

if TYPE_CHECKING:
    from pathlib import Path

    from harness.runtime.site import Site
    from tests.unit.runtime.conftest import Stand


def test_nothing_left_is_no_work(site: Site) -> None:
    assert stop_leftovers(site.instance, site.cluster) == ()


def test_services_of_a_killed_supervisor_are_found_and_stopped(stand: Stand) -> None:
    stand.launch({"scheduler": "exec sleep 600", "worker": "trap '' TERM; while :; do sleep 0.05; done"})
    stand.supervisor.start("scheduler")
    stand.supervisor.start("worker")
    daemon = next(process for process, name in find_marked(stand.site.instance) if name == "supervisor")
    os.kill(daemon.pid, signal.SIGKILL)

    stop_environment(stand.site, ignore_events)

    assert list(find_marked(stand.site.instance)) == []
    assert not stand.site.short_folder.exists()


def test_other_environments_are_left_alone(site: Site, tmp_path: Path) -> None:
    other = mark(instance_of(tmp_path / "other"), "worker")
    with subprocess.Popen(["/bin/sleep", "600"], env=other) as stranger:
        stop_leftovers(site.instance, site.cluster)

        assert stranger.poll() is None
        stranger.kill()


def test_processes_that_hide_their_variables_are_found_by_their_folder(site: Site) -> None:
    site.cluster.mkdir(parents=True)
    with subprocess.Popen(["/bin/sleep", "600"], cwd=site.cluster, env={}) as hidden:
        assert [process.pid for process in find_inside(site.cluster)] == [hidden.pid]

        found = stop_leftovers(site.instance, site.cluster)

        assert found == ("postgres",)
        assert hidden.wait(timeout=30) == -signal.SIGKILL
    assert not psutil.pid_exists(hidden.pid)
