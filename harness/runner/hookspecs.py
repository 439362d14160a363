"""Hooks that the pytest plugin offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.runner.bench import Bench


@pytest.hookspec(firstresult=True)
def pytest_mwaa_bench(config: pytest.Config) -> Bench | None:
    """Give the bench that parses and runs the DAGs, instead of the project's own environment."""
