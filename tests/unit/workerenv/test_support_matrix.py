from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.errors import UsageError
from harness.workerenv.matrix import SUPPORT_MATRIX, SupportRow, support_row
from harness.workerenv.verify import locked_packages

ROWS = [pytest.param(row, id=row.airflow_version) for row in SUPPORT_MATRIX]


def test_an_unsupported_version_names_the_supported_ones() -> None:
    with pytest.raises(UsageError, match=r"2\.6\.3 is not supported; supported: 2\.5\.1"):
        support_row("2.6.3")


@pytest.mark.parametrize("row", ROWS)
def test_the_lock_fulfils_the_base_requirements(row: SupportRow) -> None:
    pins = locked_packages(row.base_lock, f"{row.python_series}.1")
    for requirement in map(Requirement, row.base_requirements):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("row", ROWS)
def test_the_lock_keeps_to_the_official_constraints(row: SupportRow) -> None:
    pins = locked_packages(row.base_lock, f"{row.python_series}.1")
    official = locked_packages(row.constraints_file, f"{row.python_series}.1")
    assert {name: pins[name] for name in pins if name in official} == {
        name: official[name] for name in pins if name in official
    }


@pytest.mark.parametrize("row", ROWS)
def test_the_lock_holds_no_provider_beyond_the_row(row: SupportRow) -> None:
    pins = locked_packages(row.base_lock, f"{row.python_series}.1")
    providers = {name: v for name, v in pins.items() if name.startswith("apache-airflow-providers-")}
    assert providers == row.providers
