"""Whether every component in a container has the DAG files of the working tree. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runtime.services import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from harness.runtime.compose.board import Container

_RUN_DAG_CODE = frozenset({Role.SCHEDULER.value, Role.WORKER.value, Role.TRIGGERER.value})


def newest_arrival(
    wanted: Mapping[str, str], hosts: Iterable[str], told: Mapping[str, Container]
) -> datetime | None:
    """When the last of the containers `hosts` that run DAG code got the files; None while one has not.

    Args:
        wanted: the MD5 of each file of the working tree, by path below the DAGs folder.
        hosts: the containers that run now.
        told: what containers told, by host.
    """
    moments = []
    for host in hosts:
        container = told.get(host)
        if container is None:
            return None
        if container.role not in _RUN_DAG_CODE:
            continue
        if container.dags_at is None or any(container.dags.get(path) != md5 for path, md5 in wanted.items()):
            return None
        moments.append(container.dags_at)
    return max(moments, default=None)
