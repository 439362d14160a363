"""Run an Airflow component: `start_airflow.py scheduler`, as `airflow scheduler` does, only sooner.

The harness has migrated the database itself and knows that it fits this release (`runtime/database.py`);
Airflow 2.5.1 would load all its 122 migrations to find that out, in every component. Runs in the worker
environment.
"""

from __future__ import annotations

import sys

from go_signal import load_then_wait
from share_memory import share_before_first_fork

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
    from airflow.utils import db

    db.check_and_run_migrations = _know_that_they_ran
    from airflow.__main__ import main as run_airflow

    return run_airflow() or 0


def _know_that_they_ran() -> None:
    """Stand for `airflow.utils.db.check_and_run_migrations`."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
