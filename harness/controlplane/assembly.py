"""Builds a control plane from a project and the state of its environment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.config.model import Settings
from harness.controlplane.artefacts import PLUGINS, REQUIREMENTS, STARTUP, PinnedArtefacts
from harness.controlplane.aws import Aws
from harness.controlplane.bucket_layout import bucket_layout
from harness.controlplane.component_folder import ComponentFolder
from harness.controlplane.dag_sync import DagSync
from harness.controlplane.in_flight import TasksInFlight
from harness.controlplane.ledger import LedgerFile
from harness.controlplane.pins import Pins
from harness.controlplane.publish import Publisher
from harness.controlplane.queued_tasks import QueuedTasks
from harness.controlplane.restore import BucketRestorer
from harness.controlplane.service import ControlPlane, Parts
from harness.controlplane.source_bucket import SourceBucket
from harness.controlplane.task_queue import TaskQueue
from harness.controlplane.tree import WorkingTree
from harness.controlplane.watch import TreeWatcher
from harness.project.layout import Project, StateFolder
from harness.runtime.backend import Endpoints

if TYPE_CHECKING:
    from harness.controlplane.doorbell import Doorbell

_THREADS = 8
_WITHOUT_DAGS = "webserver"  # it shows serialized DAGs from the database (facts 3.3)


@dataclass(frozen=True)
class Assignment:
    """What a control plane works on.

    Attributes:
        project: the working tree.
        state: where the control plane keeps what it has to remember.
        settings: names of the S3 paths, and the pace.
        endpoints: where LocalStack is, and what bucket and queue are called.
        homes: the home folder of each component.
        generation: names this start of the environment; another one pins the artefacts anew.
        send_again: sends the messages of Celery task ids again; those it sent.
        read_starts: what is different after each start of a worker or of PostgreSQL, by name.
    """

    project: Project
    state: StateFolder
    settings: Settings
    endpoints: Endpoints
    homes: Mapping[str, Path]
    generation: str
    send_again: Callable[[Collection[str]], Collection[str]]
    read_starts: Callable[[], Mapping[str, Hashable]]


def assemble(assignment: Assignment, doorbell: Doorbell) -> tuple[ControlPlane, TreeWatcher]:
    """The control plane and the watcher that rings its doorbell; neither does anything yet."""
    project, endpoints = assignment.project, assignment.endpoints
    layout = bucket_layout(assignment.settings.environment)
    account_id = urlsplit(endpoints.queue_url).path.split("/")[-2]
    aws = Aws(endpoints.aws_endpoint_url, endpoints.region, account_id)
    bucket = SourceBucket(aws, endpoints.bucket)
    queue = TaskQueue(aws, endpoints.queue_url)
    tree = WorkingTree(project, layout)
    source = assignment.state.source
    ledger_file = LedgerFile(source / "ledger.json")
    ledger = ledger_file.load()
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="transfer")
    artefacts = PinnedArtefacts(bucket, layout, ledger, source)
    mirror = source / "dags"
    homes = assignment.homes.items()
    dag_folders = [
        ComponentFolder(home, "dags", mirror) for name, home in homes if not name.startswith(_WITHOUT_DAGS)
    ]
    parts = Parts(
        bucket=bucket,
        queue=queue,
        publisher=Publisher(tree, bucket, ledger, executor),
        dags=DagSync(
            bucket=bucket,
            prefix=layout.dags,
            mirror=mirror,
            ledger=ledger,
            folders=dag_folders,
            executor=executor,
            copy_known=tree.copy,
        ),
        artefacts=artefacts,
        artefact_folders=[
            ComponentFolder(home, name, artefacts.mirror(name))
            for _, home in homes
            for name in (PLUGINS, REQUIREMENTS, STARTUP)
        ],
        restorer=BucketRestorer(
            bucket=bucket,
            layout=layout,
            mirror=mirror,
            artefacts=artefacts,
            ledger=ledger,
            executor=executor,
        ),
        ledger=ledger,
        ledger_file=ledger_file,
        run_folder=assignment.state.run,
        sync_interval=assignment.settings.local.sync_interval,
        generation=assignment.generation,
        in_flight=TasksInFlight(
            find_queued=QueuedTasks(endpoints.database_dsn).before,
            find_waiting=queue.waiting_task_ids,
            send_again=assignment.send_again,
            read_starts=assignment.read_starts,
        ),
        executor=executor,
        pins=Pins(bucket, layout),
    )
    return ControlPlane(parts, doorbell), TreeWatcher(project, doorbell.ring)
