from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from harness.container.component import ensure_requirements
from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", ["", "# nothing\n\n", "   # nothing either"])
def test_requirements_without_a_line_need_nothing(tmp_path: Path, text: str) -> None:
    ensure_requirements(write(tmp_path / "requirements.txt", text), tmp_path / "absent")
    ensure_requirements(tmp_path / "absent.txt", tmp_path / "absent")


def test_requirements_that_the_image_was_built_with_need_nothing(tmp_path: Path) -> None:
    text = "no-such-distribution==1.0\n"
    stamp = write(tmp_path / "stamp", hashlib.sha256(text.encode()).hexdigest() + "\n")

    ensure_requirements(write(tmp_path / "requirements.txt", text), stamp)


def test_others_are_installed_and_a_failure_says_what_to_do(tmp_path: Path) -> None:
    """There is no worker environment outside of the image, so the installation fails."""
    requirements = write(tmp_path / "requirements.txt", "no-such-distribution==1.0\n")

    with pytest.raises(HarnessError, match="cannot be installed") as caught:
        ensure_requirements(requirements, tmp_path / "absent")

    assert "make images" in (caught.value.hint or "")
