"""Hold a component that has loaded its modules until the environment is ready for it. Standard library only.

Loading Airflow takes seconds of a processor that would otherwise wait for LocalStack. What a component must
not do too early is read plugins, DAGs, the database and the queue.
"""

from __future__ import annotations

import importlib
import os
import time

VARIABLE = "MWAA_HARNESS_GO"
_LOOK_EVERY = 0.02


def load_then_wait(modules: tuple[str, ...]) -> None:
    """Import `modules`, then return once the file that the variable names is there; at once without one."""
    for module in modules:
        importlib.import_module(module)
    path = os.environ.pop(VARIABLE, None)
    while path and not os.path.exists(path):
        time.sleep(_LOOK_EVERY)
