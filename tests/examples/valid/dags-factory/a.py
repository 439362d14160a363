import os
import sys

sys.path.append(os.path.dirname(__file__))

from factory_of_example import make_dag  # noqa: E402

for name in ("one", "two"):
    globals()[name] = make_dag(name)  # an airflow dag each
