"""Which task instances wait for a worker, from the metadata database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from harness.errors import HarnessError

if TYPE_CHECKING:
    from datetime import datetime

# A finished row means that the id is of an earlier try: the scheduler has not written down the new one yet.
_QUERY = """
SELECT ti.external_executor_id
FROM task_instance AS ti
LEFT JOIN celery_taskmeta AS message ON message.task_id = ti.external_executor_id
WHERE ti.state = 'queued'
  AND ti.external_executor_id IS NOT NULL
  AND ti.queued_dttm < %s
  AND (message.status IS NULL OR message.status NOT IN ('SUCCESS', 'FAILURE', 'REVOKED'))
"""


class QueuedTasks:
    """Reads Airflow's database at `dsn`; never writes."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def before(self, moment: datetime) -> frozenset[str]:
        """Celery ids of the task instances that were queued before `moment` and still are.

        Raises:
            HarnessError: the database does not answer.
        """
        try:
            with psycopg.connect(self._dsn, connect_timeout=3) as connection:
                return frozenset(row[0] for row in connection.execute(_QUERY, (moment,)))
        except psycopg.errors.UndefinedTable:  # a database that Airflow or Celery has not used yet
            return frozenset()
        except psycopg.Error as error:
            raise HarnessError(f"the metadata database does not answer: {error}") from error
