"""The support matrix: what an MWAA worker of each supported release holds. Another release is another row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

LOCKS_FOLDER = Path(__file__).resolve().parent.parent / "locks"
_CONSTRAINTS_URL = (
    "https://raw.githubusercontent.com/apache/airflow/constraints-{version}/constraints-{series}.txt"
)


@dataclass(frozen=True)
class SupportRow:
    """One release of Airflow as MWAA runs it.

    Attributes:
        airflow_version: the release.
        python_series: CPython series of its workers, e.g. "3.10".
        airflow_extras: extras of apache-airflow itself.
        providers: the preinstalled providers, distribution name to version.
        extra_requirements: what the image holds beside Airflow and the providers.
        overrides: pins in place of the constraints', for platforms on which those have no wheel.
    """

    airflow_version: str
    python_series: str
    airflow_extras: tuple[str, ...]
    providers: Mapping[str, str]
    extra_requirements: tuple[str, ...]
    overrides: tuple[str, ...] = ()

    @property
    def base_requirements(self) -> tuple[str, ...]:
        """What the base lock is resolved from."""
        extras = ",".join(self.airflow_extras)
        return (
            f"apache-airflow[{extras}]=={self.airflow_version}",
            *(f"{name}=={version}" for name, version in sorted(self.providers.items())),
            *self.extra_requirements,
        )

    @property
    def constraints_url(self) -> str:
        """Address of the release's official constraints file."""
        return _CONSTRAINTS_URL.format(version=self.airflow_version, series=self.python_series)

    @property
    def constraints_file(self) -> Path:
        """The pins of `constraints_url`, carried so that no build reaches the network for them."""
        return LOCKS_FOLDER / f"constraints-{self.airflow_version}-python-{self.python_series}.txt"

    @property
    def base_lock(self) -> Path:
        """`base_requirements` resolved; written by `python -m harness.workerenv.lock`."""
        return LOCKS_FOLDER / f"base-{self.airflow_version}-python-{self.python_series}.txt"


SUPPORT_MATRIX = (
    SupportRow(
        airflow_version="2.5.1",
        python_series="3.10",
        airflow_extras=("celery", "statsd"),
        providers={
            "apache-airflow-providers-amazon": "7.1.0",
            "apache-airflow-providers-celery": "3.1.0",
            "apache-airflow-providers-common-sql": "1.3.3",
            "apache-airflow-providers-ftp": "3.3.0",
            "apache-airflow-providers-http": "4.1.1",
            "apache-airflow-providers-imap": "3.1.1",
            "apache-airflow-providers-postgres": "5.4.0",
            "apache-airflow-providers-sqlite": "3.3.1",
        },
        extra_requirements=(
            "boto3",
            "cached-property",
            "pip<23",
            "psycopg2-binary",
            # celery[sqs] of that release asks for a pycurl that has no wheel; newer ones do and work.
            "pycurl>=7.45.3",
            # gunicorn 20.1 imports pkg_resources.
            "setuptools<67",
            "watchtower==2.0.1",
            "wheel",
        ),
        # The image has no compiler, and this release has no wheel for Linux on ARM.
        overrides=(
            "psutil==5.9.4 ; sys_platform != 'linux' or platform_machine != 'aarch64'",
            "psutil==6.0.0 ; sys_platform == 'linux' and platform_machine == 'aarch64'",
        ),
    ),
)
SUPPORTED_VERSIONS = tuple(row.airflow_version for row in SUPPORT_MATRIX)


def support_row(airflow_version: str) -> SupportRow:
    """The row of `airflow_version`.

    Raises:
        UsageError: the harness has no row for it.
    """
    for row in SUPPORT_MATRIX:
        if row.airflow_version == airflow_version:
            return row
    supported = ", ".join(SUPPORTED_VERSIONS)
    raise UsageError(
        f"Airflow {airflow_version} is not supported; supported: {supported}",
        hint=f'set airflow_version = "{SUPPORTED_VERSIONS[-1]}" below [environment] in mwaa.toml',
    )
