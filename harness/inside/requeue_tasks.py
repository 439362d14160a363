"""Send lost Celery messages again: reads a JSON list of Celery task ids, answers with those it sent.

Runs in the worker environment with a worker's variables. The message is built by Airflow and Celery
themselves, as the scheduler builds it, and carries the id the scheduler waits for. Only task instances that
are still queued count. A task that turns out to have two messages runs once: Airflow's own dependency check
lets the second one pass only while the task instance is neither running nor finished.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> int:
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever Airflow prints goes to stderr
    wanted = json.load(sys.stdin)
    json.dump(send_again(wanted), answer)
    answer.close()
    return 0


def send_again(celery_ids: list[str]) -> list[str]:
    """Send a message for each id whose task instance is queued; the ids sent."""
    from airflow.executors.celery_executor import execute_command
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    sent = []
    with create_session() as session:
        queued = session.query(TaskInstance).filter(
            TaskInstance.external_executor_id.in_(celery_ids), TaskInstance.state == TaskInstanceState.QUEUED
        )
        for instance in queued:
            command = instance.command_as_list(local=True, pickle_id=instance.dag_model.pickle_id)
            execute_command.apply_async(
                args=[command], queue=instance.queue, task_id=instance.external_executor_id
            )
            sent.append(instance.external_executor_id)
    return sent


if __name__ == "__main__":
    sys.exit(main())
