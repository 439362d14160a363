"""Become the gunicorn that `airflow webserver` would start: `start_webserver.py HOST PORT`.

`airflow webserver` (2.5.1) imports the whole application once to start gunicorn, which imports it again, and
then watches it. Here the supervisor watches gunicorn itself, and one import is enough. The options are
Airflow's own: `webserver.workers`, `worker_class`, `web_server_worker_timeout`, the log formats.

Airflow's description of its REST API is read with libyaml instead of pure Python and is not checked against
the OpenAPI schema at each start: the file belongs to the release and does not change. Where the harness says
that roles are in order (`webserver.update_fab_perms`), the permissions of its endpoints are not looked for
one by one. The application is made as soon as the database answers; its last step reads the plugins, and
waits until they have arrived. Runs in the worker environment.
"""

from __future__ import annotations

import functools
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

from go_signal import LOOK_EVERY, is_ready, load, wait_for_environment
from share_memory import share_before_first_fork

if TYPE_CHECKING:
    from airflow.configuration import AirflowConfigParser
    from flask import Flask

APPLICATION = "airflow.www.app:cached_app()"
MODULES = ("airflow.www.app", "airflow.www.views", "gunicorn.app.wsgiapp", "connexion")
GRACEFUL_SECONDS = 5


def main(host: str, port: str) -> None:
    """Run gunicorn until it is told to stop."""
    sys.path.remove(sys.path[0])  # this folder; plugins must not see it
    share_before_first_fork()
    load(MODULES)
    wait_for_database()
    hold_plugins()
    from airflow.configuration import conf

    sys.argv = ["gunicorn", *gunicorn_arguments(conf, host, port)]
    read_specification_quickly()
    if not conf.getboolean("webserver", "update_fab_perms"):
        trust_permissions()
    from gunicorn.app.wsgiapp import run

    run()


def wait_for_database() -> None:
    """Return once the database answers, or the environment is ready and it should."""
    from airflow import settings
    from sqlalchemy.exc import OperationalError

    while not is_ready():
        try:
            settings.engine.connect().close()
        except OperationalError:
            time.sleep(LOOK_EVERY)
        else:
            return


def hold_plugins() -> None:
    """Have the application wait for the environment before it reads the plugins."""
    from airflow.www import app

    read_plugins = app.init_plugins

    def wait_then_read(flask_app: Flask) -> None:
        wait_for_environment()
        read_plugins(flask_app)

    app.init_plugins = wait_then_read


def gunicorn_arguments(conf: AirflowConfigParser, host: str, port: str) -> list[str]:
    """What `airflow webserver` passes to gunicorn."""
    section = "webserver"
    arguments = [
        *("--workers", conf.get(section, "workers")),
        *("--worker-class", conf.get(section, "worker_class")),
        *("--timeout", conf.get(section, "web_server_worker_timeout")),
        *("--graceful-timeout", str(GRACEFUL_SECONDS)),
        *("--bind", f"{host}:{port}"),
        *("--name", "airflow-webserver"),
        *("--config", "python:airflow.www.gunicorn_config"),
        *("--access-logfile", conf.get(section, "access_logfile")),
        *("--error-logfile", conf.get(section, "error_logfile")),
    ]
    log_format = conf.get(section, "access_logformat", fallback="").strip()
    if log_format:
        arguments += ["--access-logformat", log_format]
    certificate, key = conf.get(section, "web_server_ssl_cert"), conf.get(section, "web_server_ssl_key")
    if certificate and key:
        arguments += ["--certfile", certificate, "--keyfile", key]
    return [*arguments, APPLICATION, "--preload"]


def read_specification_quickly() -> None:
    """Make connexion parse YAML with libyaml, where it is there, and trust Airflow's own file."""
    import connexion.spec
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # safe, either of them
    connexion.spec.yaml = SimpleNamespace(safe_load=functools.partial(yaml.load, Loader=loader))
    setattr(connexion.spec.Specification, "_validate_spec", lambda *_: None)  # noqa: B010 -- private name


def trust_permissions() -> None:
    """Keep Airflow from asking the database, for each endpoint of its API, whether it has its permissions."""
    from airflow.www.security import AirflowSecurityManager

    AirflowSecurityManager.sync_resource_permissions = lambda *_: None


if __name__ == "__main__":
    main(*sys.argv[1:])
