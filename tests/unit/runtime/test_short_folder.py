from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.runtime.short_folder import locate_short_folder, prepare_short_folder, remove_short_folder

if TYPE_CHECKING:
    from pathlib import Path


def prepare(folder: Path) -> None:
    prepare_short_folder(folder, launcher=folder / "l", specs=folder / "s", logs=folder / "o")


def test_a_private_runtime_folder_is_taken(tmp_path: Path) -> None:
    short = tmp_path.anchor + "tmp"

    assert str(locate_short_folder("abc", {"XDG_RUNTIME_DIR": short})) == f"{short}/mwaa-harness/abc"


@pytest.mark.parametrize("runtime", ["", "/does/not/exist", "/with a blank", "/" + "long" * 30, "/%h"])
def test_without_a_fitting_one_the_path_stays_short_and_plain(runtime: str) -> None:
    folder = str(locate_short_folder("0123456789ab", {"XDG_RUNTIME_DIR": runtime}))

    assert len(folder) < 80
    assert not set(folder) & set(" %;#")


def test_only_its_owner_may_enter(tmp_path: Path) -> None:
    folder = tmp_path / "private" / "abc"
    prepare(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_preparing_it_again_renews_the_links(tmp_path: Path) -> None:
    folder = tmp_path / "private" / "abc"
    prepare(folder)
    prepare(folder)

    assert (folder / "python").is_file()
    remove_short_folder(folder)
    assert not folder.exists()
    remove_short_folder(folder)


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "abc"
    tmp_path.chmod(0o755)

    with pytest.raises(HarnessError, match="is not a private folder of yours"):
        prepare(folder)


def test_a_link_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    (tmp_path / "abc").symlink_to(target)

    with pytest.raises(HarnessError, match="is not a private folder of yours"):
        prepare(tmp_path / "abc")
