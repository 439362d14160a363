import os
import sys

sys.path.append(os.path.dirname(__file__))

from broken_helper_of_example import thing  # an airflow dag; noqa: E402, F401
