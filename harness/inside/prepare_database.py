"""Fill an empty metadata database: tables, default connections and pool, roles, and the user `admin`.

One interpreter does what `airflow db init` and `airflow users create` do in two. Runs in the worker
environment with a component's variables; the password comes from standard input. Answers on standard output
with one JSON line, `{"migration": ..., "user": ...}`.
"""

from __future__ import annotations

import json
import os
import sys

USERNAME = "admin"


def main() -> int:
    """Prepare the database that Airflow is configured with."""
    password = sys.stdin.read().strip()
    answers = os.dup(1)
    os.dup2(2, 1)  # what Airflow prints is a log, not an answer
    os.environ["SKIP_DAGS_PARSING"] = "True"
    from airflow.utils import db  # importing Airflow configures it from the environment

    db.initdb()
    from airflow.www.app import create_app  # its models must not exist before the tables

    manager = create_app().appbuilder.sm
    if manager.find_user(USERNAME) is None:
        role = manager.find_role("Admin")
        if not manager.add_user(USERNAME, "Admin", "User", "admin@example.com", role, password):
            sys.exit("the user admin could not be created")
    with os.fdopen(answers, "w") as stream:
        print(json.dumps({"migration": _head(), "user": USERNAME}), file=stream)
    return 0


def _head() -> str:
    from airflow.utils.db import _get_current_revision  # as above
    from airflow.utils.session import create_session  # as above

    with create_session() as session:
        return _get_current_revision(session)


if __name__ == "__main__":
    sys.exit(main())
