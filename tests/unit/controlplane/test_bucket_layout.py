from __future__ import annotations

import pytest

from harness.config.model import EnvironmentSettings
from harness.controlplane.bucket_layout import UnsafeKeyError, bucket_layout, relative_path


def test_paths_of_the_settings_become_keys() -> None:
    layout = bucket_layout(EnvironmentSettings(dag_s3_path="team/dags", plugins_s3_path="artefacts/p.zip"))

    assert layout.dags == "team/dags/"
    assert layout.artefacts == ("artefacts/p.zip", "requirements.txt", "startup.sh")


@pytest.mark.parametrize("key", ["dags/a.py", "dags/a b/ü.py", "dags/.airflowignore", "dags/a..b/c...py"])
def test_ordinary_keys_become_paths(key: str) -> None:
    assert relative_path(key, "dags/") == key.removeprefix("dags/")


@pytest.mark.parametrize(
    "key",
    [
        "dags//etc/passwd",
        "dags/../a.py",
        "dags/a/../../b.py",
        "dags/./a.py",
        "dags/a//b.py",
        "dags/a\\b.py",
        "dags/a\0b.py",
        "dags/a\nb.py",
        "dags/" + "x" * 256,
    ],
)
def test_keys_that_leave_the_folder_or_cannot_be_names_are_refused(key: str) -> None:
    with pytest.raises(UnsafeKeyError):
        relative_path(key, "dags/")
