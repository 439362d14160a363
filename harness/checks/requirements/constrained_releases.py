"""What the releases that Airflow's constraints name need. A release never changes, so this is carried along.

With it uv need not ask for the metadata of what the constraints pin, which is most of what a project adds.
`python -m harness.checks.requirements.constrained_releases` writes the data anew from PyPI.
"""

from __future__ import annotations

import json
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.checks.requirements.release_metadata import KnownRelease, split_requirements
from harness.checks.requirements.target import MWAA
from harness.workerenv.matrix import support_row
from harness.workerenv.verify import locked_packages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from harness.checks.requirements.base_set import InstalledPackage
    from harness.checks.requirements.index import Index

_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(\[)?")


@dataclass(frozen=True, kw_only=True)
class ConstrainedRelease(KnownRelease):
    """A release that the constraints pin.

    Attributes:
        wheel: the name of its wheel for MWAA's platform.
        size: of that wheel, in bytes.
    """

    wheel: str
    size: int


@cache
def load_constrained_releases(airflow_version: str) -> Mapping[str, ConstrainedRelease]:
    """The releases that the constraints of a supported Airflow pin, by normalized name.

    Those of the base set are not among them, nor those without a wheel for MWAA's platform.
    """
    document = json.loads(_file(airflow_version).read_text(encoding="utf-8"))
    return {name: _from_json(entry) for name, entry in document.items()}


def _from_json(entry: Mapping[str, Any]) -> ConstrainedRelease:
    return ConstrainedRelease(
        version=entry["version"],
        requires=tuple(entry["requires"]),
        optional=tuple(entry["optional"]),
        extras=tuple(entry["extras"]),
        wheel=entry["wheel"],
        size=entry["size"],
    )


def find_reachable(
    lines: Iterable[str], releases: Mapping[str, ConstrainedRelease], base: Mapping[str, InstalledPackage]
) -> Mapping[str, ConstrainedRelease]:
    """Those of `releases` that the requirement `lines` could bring in, directly or through each other.

    Markers are not read: a release too many does no harm.
    """
    found: dict[str, ConstrainedRelease] = {}
    seen: set[tuple[str, bool]] = set()
    ahead = list(lines)
    while ahead:
        match = _NAME.match(ahead.pop())
        if match is None:
            continue
        asked = canonicalize_name(match[1]), match[2] is not None
        if asked in seen:
            continue
        seen.add(asked)
        name, wants_extras = asked
        if name in releases:
            found[name] = releases[name]
        package = releases.get(name) or base.get(name)
        if package is not None:
            ahead += package.requires
            ahead += package.optional if wants_extras else ()
    return found


def _file(airflow_version: str) -> Path:
    constraints = support_row(airflow_version).constraints_file
    return constraints.with_name(f"{constraints.stem}-metadata.json")


def write_constrained_releases(airflow_version: str, index: Index, installed: Iterable[str]) -> Path:
    """Ask `index` about every release that the constraints pin, except the packages that are `installed`."""
    pins = locked_packages(support_row(airflow_version).constraints_file, MWAA.python_version)
    names = sorted(pins.keys() - set(installed))

    def ask(name: str) -> ConstrainedRelease | None:
        return _ask(index, name, pins[name])

    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(names, pool.map(ask, names), strict=True))
    # One release per line: a new one changes a line.
    entries = [
        f" {json.dumps(name)}: {json.dumps(asdict(release))}" for name, release in answers.items() if release
    ]
    target = _file(airflow_version)
    target.write_text("{\n" + ",\n".join(entries) + "\n}\n", encoding="utf-8")
    return target


def _ask(index: Index, name: str, version: str) -> ConstrainedRelease | None:
    from harness.checks.requirements.remote_wheel import read_remote_metadata  # noqa: PLC0415 - a maintainer's

    release = index.releases(name).get(Version(version))
    wheel = release.wheel_for(MWAA) if release is not None else None
    if wheel is None:
        return None
    try:
        told, size = read_remote_metadata(index.client, wheel.url)
        # As packaging writes them: old releases do so in their own ways.
        requires, optional = split_requirements(str(Requirement(text)) for text in told.requires)
    except (zipfile.BadZipFile, InvalidRequirement):
        return None  # uv knows better what to make of it
    return ConstrainedRelease(
        version=version,
        requires=requires,
        optional=optional,
        extras=tuple(sorted(set(told.extras))),
        wheel=wheel.name,
        size=size,
    )


def _main() -> None:
    import os  # noqa: PLC0415 - a maintainer's program
    import tempfile  # noqa: PLC0415 - likewise
    from pathlib import Path  # noqa: PLC0415 - likewise

    from harness.checks.requirements.base_set import load_base_set  # noqa: PLC0415 - likewise
    from harness.checks.requirements.index import PYPI, Index  # noqa: PLC0415 - likewise

    certificate = os.environ.get("SSL_CERT_FILE")  # noqa: TID251 - a program of its own
    with tempfile.TemporaryDirectory() as scratch:
        index = Index(PYPI, Path(scratch), certificate=certificate)
        write_constrained_releases("2.5.1", index, load_base_set("2.5.1"))


if __name__ == "__main__":
    _main()
