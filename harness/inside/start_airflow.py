"""Run an Airflow component: `start_airflow.py scheduler`, as `airflow scheduler` does, only sooner.

The harness has migrated the database itself and knows that it fits this release (`runtime/database.py`);
Airflow 2.5.1 would load all its 122 migrations to find that out, in every component. And a scheduler may look
for work more often while there is some (`MWAA_HARNESS_BUSY_SLEEP`). Runs in the worker environment.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from go_signal import load_then_wait
from share_memory import share_before_first_fork

if TYPE_CHECKING:
    from airflow.jobs.scheduler_job import SchedulerJob

BUSY_VARIABLE = "MWAA_HARNESS_BUSY_SLEEP"
BUSY_SECONDS = 3.0
"""How long after the last sign of work the scheduler counts as busy."""
SCHEDULE, SLEEP = "_do_scheduling", "_scheduler_idle_sleep_time"

MODULES = {
    "scheduler": ("airflow.cli.commands.scheduler_command", "airflow.executors.celery_executor"),
    "celery": ("airflow.cli.commands.celery_command", "airflow.jobs.local_task_job", "celery.bin.celery"),
    "triggerer": ("airflow.cli.commands.triggerer_command", "airflow.jobs.triggerer_job"),
}
"""What a command is going to import anyway."""


def main(arguments: list[str]) -> int:
    """Become the Airflow command."""
    sys.argv = ["airflow", *arguments]
    sys.path.remove(sys.path[0])  # this folder; user code must not see it
    share_before_first_fork()
    load_then_wait(MODULES[arguments[0]])
    busy_sleep = os.environ.pop(BUSY_VARIABLE, None)
    if busy_sleep and arguments[0] == "scheduler":
        look_often_while_busy(float(busy_sleep))
    from airflow.utils import db

    db.check_and_run_migrations = _know_that_they_ran
    from airflow.__main__ import main as run_airflow

    return run_airflow() or 0


def look_often_while_busy(busy_sleep: float) -> None:
    """Have the scheduler sleep `busy_sleep` seconds between loops while tasks are queued or running.

    When nothing is under way it sleeps as `scheduler.scheduler_idle_sleep_time` says. Airflow 2.5.1 has no
    public place for this: the names are those of `airflow/jobs/scheduler_job.py`.
    """
    from airflow.configuration import conf
    from airflow.jobs.scheduler_job import SchedulerJob

    idle_sleep = conf.getfloat("scheduler", "scheduler_idle_sleep_time")
    schedule = getattr(SchedulerJob, SCHEDULE)
    busy_until = 0.0

    def schedule_at_a_pace(job: SchedulerJob, session: Any) -> int:
        nonlocal busy_until
        queued: int = schedule(job, session)
        now = time.monotonic()
        if queued or job.executor.running or job.executor.queued_tasks:
            busy_until = now + BUSY_SECONDS
        setattr(job, SLEEP, min(busy_sleep, idle_sleep) if now < busy_until else idle_sleep)
        return queued

    setattr(SchedulerJob, SCHEDULE, schedule_at_a_pace)


def _know_that_they_ran() -> None:
    """Stand for `airflow.utils.db.check_and_run_migrations`."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
