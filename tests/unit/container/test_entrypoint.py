"""docker/entrypoint, the part of it that needs no image."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parents[3] / "docker" / "entrypoint"


def health(evidence: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the health check with its evidence elsewhere."""
    script = tmp_path / "entrypoint"
    text = ENTRYPOINT.read_text(encoding="utf-8")
    assert "evidence=/tmp/mwaa-harness/ready" in text
    text = text.replace("/tmp/mwaa-harness/ready", str(evidence))  # noqa: S108 -- a container's own
    script.write_text(text, encoding="utf-8")
    return subprocess.run(["/bin/sh", str(script), "health"], capture_output=True, text=True, check=False)


def test_fresh_evidence_is_healthy_and_told(tmp_path: Path) -> None:
    evidence = tmp_path / "ready"
    evidence.write_text("it consumes its queue\n", encoding="utf-8")

    done = health(evidence, tmp_path)

    assert (done.returncode, done.stdout) == (0, "it consumes its queue\n")


@pytest.mark.parametrize("age", [None, 120])
def test_old_or_absent_evidence_is_not(tmp_path: Path, age: int | None) -> None:
    evidence = tmp_path / "ready"
    if age is not None:
        evidence.write_text("it was ready\n", encoding="utf-8")
        then = evidence.stat().st_mtime - age
        os.utime(evidence, (then, then))

    done = health(evidence, tmp_path)

    assert done.returncode == 1
    assert "no fresh evidence" in done.stdout


def test_it_can_be_executed() -> None:
    assert os.access(ENTRYPOINT, os.X_OK)
