from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.workerenv.verify import locked_packages, require_exactly

if TYPE_CHECKING:
    from pathlib import Path


def test_what_differs_from_the_resolution_is_listed_package_by_package() -> None:
    with pytest.raises(HarnessError) as caught:
        require_exactly({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"})
    assert caught.value.evidence == (
        "b 2 is installed where 1 was resolved",
        "c 1 was resolved but is not installed",
        "d 1 is installed but nothing asked for it",
    )


def test_what_equals_the_resolution_passes() -> None:
    require_exactly({"a": "1"}, {"a": "1"})


def test_pins_for_other_machines_are_left_out(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "# head\n"
        "Foo_Bar==1\n"
        "old==1 ; python_full_version < '3.11'\n"
        "new==1 ; python_full_version >= '3.11'\n"
        "win==1 ; sys_platform == 'win32'\n"
    )
    assert locked_packages(lock, "3.10.13") == {"foo-bar": "1", "old": "1"}
