"""Print as JSON what the environment of this interpreter holds: its Python and its distributions."""

import json
import platform
import sysconfig
from importlib.metadata import distributions

packages = {}
for distribution in distributions(path=[sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]):
    packages.setdefault(distribution.metadata["Name"], distribution.version)
print(json.dumps({"python": platform.python_version(), "packages": packages}))
