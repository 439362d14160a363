"""A project folder that is read-only, and a disk that is full: a clear error, and nothing half-made."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.environments import CommandProject
from tests.giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.environments import Pantry

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

SCREEN = 40
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'
MOUNTED = 'mount -t tmpfs -o size="$1" none "$0" && echo mounted && exec cat'


def expect_clear(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """It failed with an error of one screen that says all of `said`."""
    assert done.returncode == 1, done.stderr
    for part in said:
        assert part in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= SCREEN


@pytest.mark.parametrize("command", [("up",), ("env", "build")], ids=" ".join)
def test_a_read_only_project_folder_is_explained(
    command: tuple[str, ...], fenced_environ: Mapping[str, str], tmp_path: Path
) -> None:
    project = CommandProject(tmp_path / "read-only project", fenced_environ)
    if os.geteuid() == 0:  # permissions do not hold root back
        prefix = ("/usr/bin/unshare", "--mount", "/bin/sh", "-c", READ_ONLY, str(project.root))
        done = project.run(*command, prefix=prefix)
    else:
        project.root.chmod(0o555)
        done = project.run(*command)
        project.root.chmod(0o755)

    expect_clear(done, ".mwaa", "Read-only" if os.geteuid() == 0 else "Permission denied")
    assert project.processes() == []


class SmallDisk:
    """A mount namespace in which a project's state folder is a file system of its own."""

    def __init__(self, project: CommandProject, size: str) -> None:
        self.project = project
        project.state.root.mkdir(exist_ok=True)
        self._holder = subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", MOUNTED, str(project.state.root), size],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"mounted\n"
        self.prefix = ("/usr/bin/nsenter", "--mount", f"--target={self._holder.pid}", f"--wd={project.root}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run mwaa-harness there."""
        return self.project.run(*arguments, prefix=self.prefix)

    def call(self, *command: str) -> str:
        """Run another program there."""
        return subprocess.run([*self.prefix, *command], check=True, capture_output=True, text=True).stdout

    def resize(self, size: str) -> None:
        self.call("/bin/mount", "-o", f"remount,size={size}", str(self.project.state.root))

    def fill(self) -> None:
        """Leave no free byte."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.call("/bin/dd", "if=/dev/zero", f"of={self.project.state.root / 'ballast'}", "bs=64k")

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()


@pytest.fixture
def small_disk(fenced_environ: Mapping[str, str], tmp_path: Path) -> Iterator[Callable[[str], SmallDisk]]:
    if os.geteuid() != 0:
        give_up("only root may mount a file system")
    made: list[SmallDisk] = []

    def make(size: str) -> SmallDisk:
        project = CommandProject(tmp_path / "on a small disk", fenced_environ)
        made.append(SmallDisk(project, size))
        return made[-1]

    yield make
    for disk in made:
        disk.run("down")
        disk.close()
        disk.project.clear_away()


def test_a_build_that_fills_the_disk_leaves_nothing_half_made(
    small_disk: Callable[[str], SmallDisk],
) -> None:
    disk = small_disk("20m")

    done = disk.run("env", "build")

    expect_clear(done, "space")
    left = disk.call("/bin/ls", "-A", str(disk.project.state.worker_environments)).split()
    assert [name for name in left if not name.endswith(".lock")] == []


def test_a_full_disk_is_explained_and_the_next_up_recovers(
    small_disk: Callable[[str], SmallDisk],
    pantry: Pantry,
) -> None:
    disk = small_disk("24m")  # a database cluster takes more
    for folder, paths in pantry.shelves(disk.project.state).items():
        disk.call("/bin/mkdir", "-p", str(folder))
        disk.call("/bin/ln", "-s", *map(str, paths), str(folder))

    done = disk.run("up")

    expect_clear(done, "space")
    assert disk.project.processes() == []

    disk.resize("400m")
    up = disk.run("up")
    assert up.returncode == 0, up.stderr
    disk.fill()
    full = disk.run("restart", "controlplane")
    disk.call("/bin/rm", str(disk.project.state.root / "ballast"))
    assert full.returncode in {0, 1}
    assert "Traceback" not in full.stderr
    again = disk.run("up")
    assert again.returncode == 0, again.stderr
