"""Hold a component that has loaded its modules until the environment is ready for it. Standard library only.

Loading Airflow takes seconds of a processor that would otherwise wait for LocalStack. What a component must
not do too early is read plugins, DAGs, the database and the queue.
"""

from __future__ import annotations

import importlib
import os
import time

VARIABLE = "MWAA_HARNESS_GO"
LOOK_EVERY = 0.02


def load_then_wait(modules: tuple[str, ...]) -> None:
    """Import `modules`, then wait for the environment."""
    load(modules)
    wait_for_environment()


def load(modules: tuple[str, ...]) -> None:
    """Import `modules`."""
    for module in modules:
        importlib.import_module(module)


def is_ready() -> bool:
    """Whether the environment is ready, or nobody says that it may not be."""
    path = os.environ.get(VARIABLE)
    return not path or os.path.exists(path)


def wait_for_environment() -> None:
    """Return once the file that the variable names is there; at once without one."""
    while not is_ready():
        time.sleep(LOOK_EVERY)
    os.environ.pop(VARIABLE, None)
