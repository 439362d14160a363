"""Linux on ARM: the images build there without a compiler, because the locks have wheels for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.workerenv.matrix import LOCKS_FOLDER, support_row
from harness.workerenv.packager import find_packager

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BASE = support_row("2.5.1").base_lock
# Pure Python, or with a C part that they do without: built in the image on either architecture.
BUILT = ("cron-descriptor", "dill", "localstack-client", "pendulum", "python-nvd3", "tornado", "unicodecsv")


@pytest.mark.network
@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28"])
@pytest.mark.parametrize(
    "lock", [BASE, LOCKS_FOLDER / "container-python-3.10.txt"], ids=lambda lock: lock.stem
)
def test_what_has_no_wheel_is_the_same_on_both_architectures(
    lock: Path, platform: str, fenced_environ: Mapping[str, str], tmp_path: Path
) -> None:
    arguments = ("pip", "install", "--dry-run", "--no-deps", "--target", tmp_path, "--python-version", "3.10")
    built = (part for name in BUILT for part in ("--no-binary", name))
    done = find_packager(fenced_environ).run(
        (*arguments, "--python-platform", platform, "--only-binary", ":all:", *built, "--requirements", lock),
        timeout=120,
    )
    assert done.exit_status == 0, done.stderr
