"""Compiling an environment's modules while it is built, so that its first start is as quick as the second.

Only what services import is compiled; Python compiles the rest when something first imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.process import capture

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_EMULATED = (
    "(apigateway|cloudwatch|core|events|iam|kms|lambda_|logs|moto_api|s3|secretsmanager|sqs|ssm|sts"
    "|utilities)"
)
# Large, and imported by no service at its start: measured with PYTHONPYCACHEPREFIX on a full start.
_RARELY_IMPORTED = (
    r"/tests?/",
    r"/testing/",
    # Packages that Airflow's services leave alone.
    r"/site-packages/(pip|setuptools|wheel|docutils|mypy_boto3_[a-z_]+|prompt_toolkit|pycparser|ply)/",
    r"/site-packages/(asn1crypto|redshift_connector|sqlalchemy_redshift|pyparsing|anyio|httpx|httpcore)/",
    r"/site-packages/(bs4|soupsieve|lxml|markdown_it|mdit_py_plugins|commonmark|prometheus_client)/",
    r"/site-packages/(flower|sqlparse|graphviz|nvd3|configupdater)/",
    r"/pygments/(lexers|styles|formatters)/",
    r"/airflow/(example_dags|migrations/versions)/",
    # Packages that LocalStack needs for services other than those of an MWAA environment.
    r"/site-packages/(sympy|networkx|mpmath|cfnlint|pymongo|gridfs|bson|opensearchpy|awscli|samtranslator)/",
    r"/site-packages/(aws_xray_sdk|graphql|antlr4|jpype|hypercorn|joserfc|amazon_kclpy|airspeed)/",
    r"/twisted/(conch|mail|words|names|pair|trial|scripts|positioning)/",
    rf"/moto/(?!{_EMULATED}/)[a-z0-9_]+/",
    rf"/localstack/services/(?!{_EMULATED}/)[a-z0-9_]+/",
    rf"/localstack/aws/api/(?!{_EMULATED}/)[a-z0-9_]+/",
)


def compile_arguments(python: Path) -> tuple[str | Path, ...]:
    """Compile what is new or changed below `lib` on every core, except what nothing imports early."""
    return (python, "-I", "-m", "compileall", "-q", "-j", "0", "-x", "|".join(_RARELY_IMPORTED), "lib")


def compile_bytecode(environment: Path, environ: Mapping[str, str]) -> None:
    """Compile the modules of the environment; files that do not compile are left to whoever imports them."""
    # From inside the folder: the names of the folders above it must not match a pattern.
    capture(compile_arguments(environment / "bin" / "python"), env=environ, cwd=environment)
