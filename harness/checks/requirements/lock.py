"""Writing what was resolved as a file: the whole closure, each release with the hashes of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.checks.requirements.resolution import ResolvedPackage
    from harness.checks.requirements.target import Target

_HEADER = "# Written by `mwaa-harness requirements lock`; the versions that MWAA would have, with hashes.\n"


def render_lock(packages: Mapping[str, ResolvedPackage], target: Target) -> str:
    """The closure as a requirements file in pip's hash-checking mode."""
    return _HEADER + "".join(_render(packages[name], target) for name in sorted(packages))


def _render(package: ResolvedPackage, target: Target) -> str:
    digests = sorted(set(_digests(package, target)))
    hashes = "".join(f" \\\n    --hash=sha256:{digest}" for digest in digests)
    return f"{package.name}=={package.version}{hashes}\n"


def _digests(package: ResolvedPackage, target: Target) -> Iterator[str]:
    wheels = [wheel for wheel in package.wheels if target.runs(wheel.name)]
    files = wheels or ([package.sdist] if package.sdist else [])
    return (file.sha256 for file in files if file.sha256)


def render_offline(lines: Iterable[str]) -> str:
    """A requirements file that installs `lines` from plugins.zip alone (MWAA facts 4.4)."""
    head = (
        "# Written by `mwaa-harness requirements package`; every package is a wheel in plugins.zip.\n"
        "--find-links /usr/local/airflow/plugins\n--no-index\n"
    )
    return head + "".join(f"{line}\n" for line in lines)
