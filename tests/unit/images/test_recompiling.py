from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from harness.images.recompiling import changed_folders, compile_changed

if TYPE_CHECKING:
    from pathlib import Path

SINCE = 10**18


def make_environment(root: Path) -> Path:
    (root / "bin").mkdir()
    (root / "bin/python").symlink_to(sys.executable)
    for folder in ("lib/old", "lib/new", "lib/old/deep"):
        (root / folder).mkdir(parents=True)
        (root / folder / "module.py").write_text("", encoding="utf-8")
    for folder, moment in (("lib", 0), ("lib/old", 0), ("lib/new", SINCE), ("lib/old/deep", SINCE + 1)):
        os.utime(root / folder, ns=(moment, moment))
    return root


def test_only_folders_that_changed_are_looked_at(tmp_path: Path) -> None:
    environment = make_environment(tmp_path)
    assert {str(folder) for folder in changed_folders(environment, SINCE)} == {"lib/new", "lib/old/deep"}


def test_only_modules_in_changed_folders_are_compiled(tmp_path: Path) -> None:
    environment = make_environment(tmp_path)
    compile_changed(environment, SINCE, {})
    compiled = {path.parent.parent.relative_to(environment).as_posix() for path in tmp_path.rglob("*.pyc")}
    assert compiled == {"lib/new", "lib/old/deep"}
