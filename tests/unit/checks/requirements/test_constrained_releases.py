"""The carried metadata of constrained releases: true, complete as far as used, and read by uv."""

from __future__ import annotations

import os
import random
from datetime import date
from typing import TYPE_CHECKING

import pytest

from harness.checks.requirements.base_set import load_base_set
from harness.checks.requirements.constrained_releases import (
    ConstrainedRelease,
    find_reachable,
    load_constrained_releases,
    write_constrained_releases,
)
from harness.checks.requirements.index import PYPI, Index
from harness.checks.requirements.resolution import Inputs, Resolved, resolve
from harness.checks.requirements.target import MWAA
from harness.workerenv.matrix import support_row
from harness.workerenv.packager import find_packager
from harness.workerenv.verify import locked_packages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RELEASES = load_constrained_releases("2.5.1")
BASE = load_base_set("2.5.1")
PINS = locked_packages(support_row("2.5.1").constraints_file, MWAA.python_version)


def release(*requires: str, optional: tuple[str, ...] = ()) -> ConstrainedRelease:
    wheel = "a-1.0-py3-none-any.whl"
    return ConstrainedRelease(version="1.0", requires=requires, optional=optional, wheel=wheel, size=1)


def test_each_is_the_release_that_the_constraints_pin() -> None:
    assert len(RELEASES) > 400
    assert {name: each.version for name, each in RELEASES.items()} == {name: PINS[name] for name in RELEASES}
    assert not RELEASES.keys() & BASE.keys()
    assert all(MWAA.runs(each.wheel) and each.size > 0 for each in RELEASES.values())


def test_what_lines_can_bring_in_is_found_through_base_packages_and_extras() -> None:
    releases = {
        "a": release("B_b[x]>=1", "apache-airflow"),
        "b-b": release(optional=("c; extra == 'x'",)),
        "c": release(),
        "d": release("a"),
        "apache-airflow-providers-common-sql": release(),
    }
    found = find_reachable(["A==1.0", "# no requirement", "-e ."], releases, BASE)
    assert found.keys() == releases.keys() - {"d"}
    assert find_reachable(["b.b==1"], releases, BASE).keys() == {"b-b"}


def test_uv_takes_all_of_them(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "UV_OFFLINE": "1"}
    inputs = Inputs(requirements=(), constraints=(), base=BASE, target=MWAA, carried=RELEASES)
    assert resolve(find_packager(variables), inputs) == Resolved({})


@pytest.mark.network
@pytest.mark.slow
def test_a_sample_is_what_the_index_says_today(
    tmp_path: Path, fenced_environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = random.Random(date.today().toordinal()).sample(sorted(RELEASES), 12)  # noqa: DTZ011, S311 -- a sample
    written = tmp_path / "constraints.txt"
    monkeypatch.setattr(
        "harness.checks.requirements.constrained_releases._file",
        lambda _version: written.with_name("metadata.json"),
    )
    load_constrained_releases.cache_clear()
    index = Index(PYPI, tmp_path, certificate=fenced_environ.get("SSL_CERT_FILE"))
    others = RELEASES.keys() - set(chosen)
    without_wheel = PINS.keys() - RELEASES.keys()
    write_constrained_releases("2.5.1", index, {*others, *without_wheel})
    try:
        assert load_constrained_releases("2.5.1") == {name: RELEASES[name] for name in sorted(chosen)}
    finally:
        load_constrained_releases.cache_clear()
