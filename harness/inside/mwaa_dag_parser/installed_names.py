"""Where the installed Airflow and providers define a class: read from their files, nothing is imported."""

from __future__ import annotations

import functools
import glob
import os
import re

_CLASS = re.compile(r"^class ([A-Za-z]\w+)", re.MULTILINE)
_FOLDERS = (
    *("operators", "sensors", "hooks", "decorators", "utils", "models", "secrets"),
    *(f"providers/**/{kind}" for kind in ("operators", "sensors", "hooks", "transfers")),
)


def find_class(name: str) -> list[str]:
    """Dotted paths of the public classes called `name`, nearest to Airflow's core first."""
    return sorted(_classes().get(name, ()), key=lambda path: (path.count("."), path))


@functools.lru_cache(maxsize=1)
def _classes() -> dict[str, list[str]]:
    import airflow

    root = os.path.dirname(airflow.__file__)
    found: dict[str, list[str]] = {}
    for folder in _FOLDERS:
        for path in sorted(glob.glob(os.path.join(root, folder, "**", "*.py"), recursive=True)):
            if "/example_dags/" in path:
                continue
            with open(path, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
            if "This module is deprecated" in text[:2500]:
                continue
            module = "airflow." + os.path.relpath(path, root)[: -len(".py")].replace(os.sep, ".")
            for name in _CLASS.findall(text):
                place = f"{module.removesuffix('.__init__')}.{name}"
                if place not in found.setdefault(name, []):
                    found[name].append(place)
    return found
