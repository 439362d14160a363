"""Proving that an environment holds what its resolution says: no package more, none less, none broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.errors import HarnessError
from harness.process import check
from harness.workerenv.packager import Packager, consistency_arguments, explanation

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROBE = Path(__file__).resolve().parent.parent / "inside" / "describe_environment.py"
_PROVIDER_PREFIX = "apache-airflow-providers-"


@dataclass(frozen=True)
class Installed:
    """What the environment's own interpreter says it has; names are normalized."""

    python: str
    packages: Mapping[str, str]

    @property
    def providers(self) -> dict[str, str]:
        """The Airflow providers among the packages."""
        return {name: v for name, v in self.packages.items() if name.startswith(_PROVIDER_PREFIX)}


def describe(python: Path, environ: Mapping[str, str]) -> Installed:
    """Ask the interpreter `python` of an environment what is installed beside it.

    Raises:
        CommandError: it does not run.
    """
    answer = json.loads(check([python, "-I", _PROBE], env=environ).stdout)
    packages = {canonicalize_name(name): version for name, version in answer["packages"].items()}
    return Installed(answer["python"], dict(sorted(packages.items())))


def locked_packages(lock: Path, python_version: str) -> dict[str, str]:
    """The pins of `lock` that apply to this machine under CPython `python_version`."""
    pins: dict[str, str] = {}
    environment = {
        "python_version": ".".join(python_version.split(".")[:2]),
        "python_full_version": python_version,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            pins[canonicalize_name(requirement.name)] = next(iter(requirement.specifier)).version
    return pins


def differences(expected: Mapping[str, str], installed: Mapping[str, str]) -> tuple[str, ...]:
    """One line per package that is missing, unexpected or of another version than resolved."""
    lines = []
    for name in sorted({*expected, *installed}):
        want, have = expected.get(name), installed.get(name)
        if have is None:
            lines.append(f"{name} {want} was resolved but is not installed")
        elif want is None:
            lines.append(f"{name} {have} is installed but nothing asked for it")
        elif want != have:
            lines.append(f"{name} {have} is installed where {want} was resolved")
    return tuple(lines)


def require_exactly(expected: Mapping[str, str], installed: Mapping[str, str]) -> None:
    """Raise unless the `installed` packages are the `expected` ones.

    Raises:
        HarnessError: lists every difference.
    """
    if lines := differences(expected, installed):
        raise HarnessError(
            "the finished environment differs from its resolution",
            hint="run the build again; if it stays, report it with these lines",
            evidence=lines,
        )


def conflicts(packager: Packager, python: Path) -> tuple[str, ...]:
    """What `pip check` says against the environment of `python`; nothing when all packages agree."""
    done = packager.run(consistency_arguments(python))
    return () if done.exit_status == 0 else _incompatibilities(explanation(done))


def _incompatibilities(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if not line.startswith(("Checked ", "Found ")))
