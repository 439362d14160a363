from __future__ import annotations

from pathlib import Path

import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
# Checks of DAG files run on the machine, never in a container.
LEFT_OUT = {"ruff"}


def pins(path: Path) -> dict[str, str]:
    lines = (line.rstrip("\\").strip() for line in path.read_text(encoding="utf-8").splitlines())
    found = (Requirement(line) for line in lines if line and not line.startswith(("#", "--hash")))
    return {canonicalize_name(entry.name): str(entry.specifier) for entry in found}


def test_image_gets_what_the_harness_depends_on_as_it_is_tested() -> None:
    document = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {canonicalize_name(Requirement(text).name) for text in document["project"]["dependencies"]}
    locked = pins(ROOT / "harness/locks/container-python-3.10.txt")
    assert wanted - LEFT_OUT <= set(locked), "run make lock"
    tested = pins(ROOT / "requirements-dev.lock")
    assert {name: tested[name] for name in locked} == locked, "run make lock"
