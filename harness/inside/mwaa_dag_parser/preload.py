"""Imports what nearly every DAG file needs, once, so that a fork finds it ready."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.machinery
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from .dag_facts import observe_construction
from .observe import Observer
from .places import UserCode
from .secrets_access import EmptyMetastore, observe_airflow

if TYPE_CHECKING:
    from types import CodeType

_MODULES = (
    "airflow",
    "airflow.configuration",
    "airflow.datasets",
    "airflow.decorators",
    "airflow.models",
    "airflow.models.baseoperator",
    "airflow.models.dag",
    "airflow.models.dagbag",
    "airflow.models.param",
    "airflow.models.serialized_dag",
    "airflow.models.variable",
    "airflow.models.connection",
    "airflow.operators.bash",
    "airflow.operators.branch",
    "airflow.operators.dummy",
    "airflow.operators.email",
    "airflow.operators.empty",
    "airflow.operators.latest_only",
    "airflow.operators.python",
    "airflow.operators.trigger_dagrun",
    "airflow.providers_manager",
    "airflow.secrets.metastore",
    "airflow.sensors.base",
    "airflow.sensors.external_task",
    "airflow.sensors.filesystem",
    "airflow.sensors.python",
    "airflow.sensors.time_delta",
    "airflow.serialization.serialized_objects",
    "airflow.timetables.trigger",
    "airflow.utils.dates",
    "airflow.utils.edgemodifier",
    "airflow.utils.helpers",
    "airflow.utils.task_group",
    "airflow.utils.timezone",
    "airflow.utils.trigger_rule",
    "airflow.utils.weekday",
    "boto3",
    "botocore.client",
    "http.client",
    "jinja2",
    "pendulum",
    "requests",
    "urllib.request",
    "yaml",
    "airflow.providers.amazon.aws.hooks.s3",
    "airflow.providers.amazon.aws.operators.s3",
    "airflow.providers.amazon.aws.sensors.s3",
    "airflow.providers.http.operators.http",
    "airflow.providers.http.sensors.http",
)

_SAMPLE = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
with DAG("mwaa_sample", start_date=datetime(2023, 1, 1), schedule="5 4 * * *", catchup=False) as dag:
    a = PythonOperator(task_id="a", python_callable=print, execution_timeout=timedelta(minutes=5))
    a >> BashOperator(task_id="b", bash_command="echo {{ ds }}", retries=1)
"""


def preload(folders: tuple[str, ...]) -> tuple[UserCode, Observer]:
    """Import, observe, parse a sample, and put everything where a fork need not copy it.

    Args:
        folders: whose files are the user's.
    """
    gc.disable()
    for module in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    os.environ["AIRFLOW__CORE__EXECUTOR"] = "CeleryExecutor"
    _create_metadata()
    code = UserCode(folders)
    observer = Observer(code, own_folders())
    observe_construction(observer)
    observe_airflow(observer)
    EmptyMetastore.install()
    observer.install()
    sys.dont_write_bytecode = True
    compile_user_code_anew(code)
    _remember_translations()
    _remember_entry_points()
    _parse_sample(code, observer)
    gc.freeze()  # the little garbage of the imports too: looking for it takes longer than forking past it
    return code, observer


def _create_metadata() -> None:
    """Give a file that queries the metadata database one with Airflow's tables and nothing in them."""
    from airflow import settings
    from airflow.models.base import Base

    path = settings.engine.url.database
    if settings.engine.dialect.name != "sqlite" or not path or os.path.exists(path):
        return
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        _create_tables(path, Base)
    finally:
        os._exit(0)


def _create_tables(path: str, base: Any) -> None:
    """In a process of its own: the models bring modules along that a DAG file should not find loaded."""
    from airflow.models import import_all_models
    from sqlalchemy import create_engine

    import_all_models()
    fresh = f"{path}.{os.getpid()}"
    engine = create_engine(f"sqlite:///{fresh}")
    base.metadata.create_all(engine)
    engine.dispose()
    os.replace(fresh, path)


def compile_user_code_anew(code: UserCode) -> None:
    """Never take the user's code from a .pyc: two edits within a second look alike to it."""
    loader = importlib.machinery.SourceFileLoader
    get_code = loader.get_code

    def get_fresh_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        if code.owns(self.path):
            return self.source_to_code(self.get_data(self.path), self.path)
        return get_code(self, fullname)

    loader.get_code = get_fresh_code  # type: ignore[method-assign]


def _remember_translations() -> None:
    """cron_descriptor reads the same translation file for every DAG."""
    with contextlib.suppress(ImportError, AttributeError):
        from cron_descriptor import ExpressionDescriptor

        module = sys.modules[ExpressionDescriptor.__module__]
        module.GetText = functools.lru_cache(maxsize=8)(module.GetText)


def _remember_entry_points() -> None:
    """Looking through the metadata of every installed package takes longer than parsing a file."""
    from importlib import metadata

    from airflow import plugins_manager

    group = "airflow.plugins"
    # Most environments have none, which their few entry points tell; all metadata would be read otherwise.
    declared = any(group in (each.read_text("entry_points.txt") or "") for each in metadata.distributions())
    found = list(plugins_manager.entry_points_with_dist(group)) if declared else []
    plugins_manager.entry_points_with_dist = lambda _group: found


def own_folders() -> tuple[str, ...]:
    """Where the worker environment and its interpreter live: what they read there is not a dependency."""
    folders = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)}
    home = os.environ.get("AIRFLOW_HOME")
    if home:
        folders.add(home)
    folders.update(("/usr/share/zoneinfo", "/etc/ssl"))
    return tuple(sorted(folders))


def _parse_sample(code: UserCode, observer: Observer) -> None:
    """Warm every path that a parse takes, without letting the user's plugins in."""
    from airflow import plugins_manager, settings

    from .parse import parse_file

    before = dict(vars(plugins_manager))
    folder, settings.PLUGINS_FOLDER = settings.PLUGINS_FOLDER, os.devnull
    try:
        with tempfile.TemporaryDirectory() as empty:
            path = os.path.join(empty, "sample.py")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(_SAMPLE)
            parse_file(path, code, observer, {"safe_mode": True})
    finally:
        settings.PLUGINS_FOLDER = folder
        vars(plugins_manager).update(before)
        for name in [name for name in sys.modules if name.startswith("unusual_prefix_")]:
            del sys.modules[name]
