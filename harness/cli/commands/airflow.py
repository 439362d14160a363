"""`airflow`: any command of the Airflow CLI, inside the running environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.service_names import require_running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.cli.invocation import Invocation


def airflow(invocation: Invocation, *, arguments: Sequence[str]) -> int:
    """Run the Airflow CLI on this terminal; its exit status is ours."""
    backend = invocation.open_environment().backend
    require_running(backend)
    return backend.airflow(arguments)
