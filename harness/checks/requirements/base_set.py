"""What an MWAA worker has before requirements.txt: versions, and what each package needs.

`python -m harness.checks.requirements.base_set SITE_PACKAGES` writes the carried metadata anew from a
finished worker environment.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.checks.requirements.release_metadata import KnownRelease, split_requirements
from harness.checks.requirements.target import MWAA
from harness.workerenv.matrix import support_row
from harness.workerenv.verify import locked_packages

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class InstalledPackage(KnownRelease):
    """One package of the base set.

    Attributes:
        is_built: it has no wheel for the target; the image carries a build of it.
    """

    is_built: bool


@cache
def load_base_set(airflow_version: str) -> Mapping[str, InstalledPackage]:
    """The base set of a supported release, by normalized name."""
    document = json.loads(_file(airflow_version).read_text(encoding="utf-8"))
    return {
        name: InstalledPackage(
            version=entry["version"],
            requires=tuple(entry["requires"]),
            optional=tuple(entry["optional"]),
            extras=tuple(entry["extras"]),
            is_built=entry["built"],
        )
        for name, entry in document.items()
    }


def _file(airflow_version: str) -> Path:
    lock = support_row(airflow_version).base_lock
    return lock.with_name(lock.stem + "-metadata.json")


def write_base_set(airflow_version: str, site_packages: Path, built: frozenset[str]) -> Path:
    """Write the metadata of the packages in `site_packages` that the base lock names."""
    pins = locked_packages(support_row(airflow_version).base_lock, MWAA.python_version)
    document: dict[str, dict[str, object]] = {}
    for distribution in importlib.metadata.distributions(path=[str(site_packages)]):
        name = canonicalize_name(distribution.metadata["Name"])
        if pins.get(name) == distribution.version:
            requires, optional = split_requirements(distribution.requires or ())
            extras = sorted(set(distribution.metadata.get_all("Provides-Extra") or []))
            document[name] = {
                "version": distribution.version,
                "requires": requires,
                "optional": optional,
                "extras": extras,
                "built": name in built,
            }
    target = _file(airflow_version)
    target.write_text(json.dumps(dict(sorted(document.items())), indent=1) + "\n", encoding="utf-8")
    return target


_BUILT = frozenset(("cron-descriptor", "dill", "pendulum", "pycurl", "python-nvd3", "tornado", "unicodecsv"))

if __name__ == "__main__":
    write_base_set("2.5.1", Path(sys.argv[1]), _BUILT)
