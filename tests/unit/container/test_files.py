"""The files of a component in a container, from a real bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.config.model import EnvironmentSettings, Settings
from harness.container.companion import PinnedVersions
from harness.controlplane.artefacts import PinnedArtefacts
from harness.controlplane.aws import Aws
from harness.controlplane.bucket_layout import bucket_layout
from harness.controlplane.ledger import Ledger
from harness.controlplane.pins import Pins
from harness.controlplane.source_bucket import SourceBucket

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LocalStackProcess

pytestmark = [pytest.mark.environment, pytest.mark.slow]

LAYOUT = bucket_layout(EnvironmentSettings())


@pytest.fixture
def bucket(localstack: LocalStackProcess) -> SourceBucket:
    local = Settings().local
    made = SourceBucket(Aws(localstack.endpoint_url, local.region, local.account_id), "airflow-pins")
    made.create()
    return made


def test_pins_are_told_only_of_a_complete_bucket(bucket: SourceBucket) -> None:
    pins = Pins(bucket, LAYOUT)
    assert pins.read() is None
    bucket.mark_complete()
    assert pins.read() is None

    pins.write({LAYOUT.startup_script: "v1"})

    assert bucket.is_complete()
    assert pins.read() == {LAYOUT.startup_script: "v1"}


def test_a_component_gets_the_pinned_version_and_nothing_that_came_later(
    bucket: SourceBucket, tmp_path: Path
) -> None:
    first = bucket.put(LAYOUT.startup_script, b"echo first")
    bucket.put(LAYOUT.startup_script, b"echo second")
    bucket.put(LAYOUT.requirements, b"uploaded after the environment was started")
    pins = Pins(bucket, LAYOUT)
    pins.write({LAYOUT.startup_script: first.version_id})
    versions = pins.read()
    assert versions is not None

    artefacts = PinnedArtefacts(PinnedVersions(bucket, versions), LAYOUT, Ledger(), tmp_path)
    artefacts.pin("start")

    assert (artefacts.mirror("startup") / "startup.sh").read_text(encoding="utf-8") == "echo first"
    assert list(artefacts.mirror("requirements").iterdir()) == []
