"""Stopping an environment: dependants before what they need, and whatever a lost supervisor left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.events import Notice, StepFinished, StepStarted
from harness.runtime.recovery import stop_leftovers
from harness.runtime.services import Role, Service
from harness.runtime.services_table import AIRFLOW_ROLES, role_of, stop_grades
from harness.runtime.short_folder import remove_short_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.events import EventSink
    from harness.runtime.site import Site

_ORDER: tuple[tuple[Role, ...], ...] = (
    AIRFLOW_ROLES,
    (Role.CONTROLPLANE,),
    (Role.LOCALSTACK, Role.POSTGRES),
)


def stoppable(name: str) -> Service:
    """The service called `name` with what stopping it takes."""
    role = role_of(name)
    return Service(name=name, role=role, command=(), stop=stop_grades(role))


def stop_environment(site: Site, events: EventSink) -> None:
    """Stop every service, the supervisor, and leftovers; data stays."""
    supervisor = site.supervisor
    if supervisor.is_answering():
        names = list(supervisor.processes())
        for roles in _ORDER:
            stop_services(site, [name for name in names if role_of(name) in roles], events)
        supervisor.shutdown()
    clear_leftovers(site, events)
    remove_short_folder(site.short_folder)


def stop_services(site: Site, names: Sequence[str], events: EventSink) -> None:
    """Stop the services `names` side by side, each by its grades."""
    processes = site.supervisor.processes()
    alive = [name for name in names if processes[name].is_alive]
    for name in alive:
        events(StepStarted(name, "stopping"))
    begun = time.monotonic()

    def tell(name: str) -> None:
        if name in alive:
            events(StepFinished(name, "stopped", time.monotonic() - begun))

    site.supervisor.stop([stoppable(name) for name in names], tell)


def clear_leftovers(site: Site, events: EventSink) -> None:
    """End processes of this environment that no supervisor looks after."""
    found = stop_leftovers(site.instance, site.cluster)
    if found:
        events(Notice(f"stopped what an earlier run left behind: {', '.join(found)}"))
