"""What MWAA ties to an environment class (facts 7.2 and 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class EnvironmentClass:
    """One row of MWAA's capacity table; `vcpus` are those of a scheduler, memory is in GB."""

    name: str
    tasks_per_worker: int
    vcpus: int
    worker_memory: int
    webserver_memory: int

    @property
    def worker_autoscale(self) -> str:
        """`celery.worker_autoscale` as `max,min`; in the 2.5.1 era both are the tasks per worker."""
        return f"{self.tasks_per_worker},{self.tasks_per_worker}"

    @property
    def parsing_processes(self) -> int:
        """`scheduler.parsing_processes`: the default 4, capped at the usable maximum of 2 x vCPU - 1."""
        return min(4, 2 * self.vcpus - 1)


ENVIRONMENT_CLASSES: Mapping[str, EnvironmentClass] = MappingProxyType(
    {
        row.name: row
        for row in (
            EnvironmentClass("mw1.micro", tasks_per_worker=3, vcpus=1, worker_memory=3, webserver_memory=3),
            EnvironmentClass("mw1.small", tasks_per_worker=5, vcpus=1, worker_memory=2, webserver_memory=2),
            EnvironmentClass("mw1.medium", tasks_per_worker=10, vcpus=2, worker_memory=4, webserver_memory=2),
            EnvironmentClass("mw1.large", tasks_per_worker=20, vcpus=4, worker_memory=8, webserver_memory=4),
            EnvironmentClass(
                "mw1.xlarge", tasks_per_worker=40, vcpus=8, worker_memory=24, webserver_memory=12
            ),
            EnvironmentClass(
                "mw1.2xlarge", tasks_per_worker=80, vcpus=16, worker_memory=48, webserver_memory=24
            ),
        )
    }
)
