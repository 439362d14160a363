"""Services as the person names them, checked against those that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.config.suggestions import suggest
from harness.errors import CollectedError, HarnessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.runtime.backend import Backend, ServiceStatus


def require_services(names: Sequence[str], services: Sequence[ServiceStatus]) -> None:
    """Check that every name is a service's.

    Raises:
        CollectedError: some are not.
    """
    valid = [service.name for service in services]
    errors = tuple(
        UsageError(f"there is no service {name}", hint=suggest(name, valid, noun="services"))
        for name in names
        if name not in valid
    )
    if errors:
        raise CollectedError(errors)


def require_running(backend: Backend) -> None:
    """Check that the environment is up.

    Raises:
        HarnessError: it is not.
    """
    if not backend.is_up():
        raise HarnessError("no environment of this project is running", hint="start it: mwaa-harness up")
