"""Starts the DAG parser with the worker environment's interpreter, leaving no trace on its module path."""

from __future__ import annotations

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]
sys.path.insert(0, here)
from mwaa_dag_parser.server import main  # noqa: E402 -- found through the line above

sys.path.remove(here)
main()
