"""Compiling an environment's modules while it is built, so that its first start is as quick as the second.

Only what services import is compiled; Python compiles the rest when something first imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.process import capture

if TYPE_CHECKING:
    from pathlib import Path

# Large, and imported by no service at its start.
_RARELY_IMPORTED = (
    r"/tests?/",
    r"/site-packages/(pip|setuptools|wheel|docutils|mypy_boto3_[a-z_]+|networkx|sympy|mpmath)/",
    r"/pygments/(lexers|styles|formatters)/",
    r"/airflow/(example_dags|migrations/versions)/",
    r"/(sqlalchemy|alembic)/testing/",
    r"/botocore/vendored/",
    r"/jsonschema/tests/",
)


def compile_arguments(python: Path, folder: Path) -> tuple[str | Path, ...]:
    """Compile what is new or changed below `folder` on every core, except what nothing imports early."""
    pattern = "|".join(_RARELY_IMPORTED)
    return (python, "-I", "-m", "compileall", "-q", "-j", "0", "-x", pattern, folder)


def compile_bytecode(environment: Path) -> None:
    """Compile the modules of the environment; files that do not compile are left to whoever imports them."""
    python = environment / "bin" / "python"
    capture(compile_arguments(python, environment / "lib"), env={})
