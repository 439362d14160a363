"""`test-dags`: pytest with the harness's plugin on the project."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.process import attach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.cli.invocation import Invocation

_PLUGIN = "mwaa"


def pytest_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that runs the DAG tests with the person's own pytest arguments; ours get pytest's names."""
    named = (
        f"--mwaa-{word[2:]}" if word == "--shard" or word.startswith("--shard=") else word
        for word in arguments
    )
    return (sys.executable, "-m", "pytest", "-p", _PLUGIN, "--mwaa-dags", *named)


def test_dags(invocation: Invocation, *, arguments: Sequence[str]) -> int:
    """Run the DAG tests on this terminal; pytest's exit status is ours."""
    environment = invocation.open_environment()
    environment.require_inputs()
    return attach(pytest_command(arguments), env=invocation.environ, cwd=environment.project.root)
