"""What becomes of a test whose machine lacks something: skipped where a person reads why, failed in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

_IN_CI = bool(os.environ.get("CI"))  # read before the fences of the tests can hide it


def give_up(reason: str, *, in_ci: str = "") -> NoReturn:
    """End the test; `in_ci` says what CI lacks to have what is missing."""
    if _IN_CI:
        pytest.fail(f"{reason}; {in_ci}" if in_ci else reason)
    pytest.skip(reason)
