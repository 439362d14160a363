"""Fill an empty metadata database: tables, default connections and pool, and the user `admin`.

One interpreter does what `airflow db init` and `airflow users create` do in two, and without building the web
application: the web server writes all permissions when it starts, here there is only the role that the user
needs. Runs in the worker environment with a component's variables; the password comes from standard input.
Answers on standard output with one JSON line, `{"user": ...}`.
"""

from __future__ import annotations

import json
import os
import sys

USERNAME = "admin"
ROLE = "Admin"


def main() -> int:
    """Prepare the database that Airflow is configured with."""
    password = sys.stdin.read().strip()
    answers = os.dup(1)
    os.dup2(2, 1)  # what Airflow prints is a log, not an answer
    from airflow.utils import db  # importing Airflow configures it from the environment

    db.initdb()
    create_user(password)
    with os.fdopen(answers, "w") as stream:
        print(json.dumps({"user": USERNAME}), file=stream)
    return 0


def create_user(password: str) -> None:
    """Create the user, as `airflow users create --role Admin` would, unless it is there."""
    from airflow.utils.session import create_session
    from airflow.www.fab_security.sqla.models import Role, User
    from werkzeug.security import generate_password_hash

    with create_session() as session:
        if session.query(User).filter_by(username=USERNAME).first() is not None:
            return
        role = session.query(Role).filter_by(name=ROLE).first() or Role(name=ROLE)
        user = User(
            username=USERNAME,
            first_name="Admin",
            last_name="User",
            email="admin@example.com",
            active=True,
            password=generate_password_hash(password),
        )
        user.roles.append(role)
        session.add(user)


if __name__ == "__main__":
    sys.exit(main())
