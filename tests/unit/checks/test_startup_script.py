from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.checks.startup_script import check_startup_script
from harness.results import Outcome

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"export COMPANY=1\necho hello\n", []),
        (b"# export AIRFLOW_HOME=/x\n", []),
        (b"export AIRFLOW_HOME=/x\n", [("startup-script-reserved-variable", 1)]),
        (b"true\r\ntrue\r\n", [("startup-script-line-ends", 1)]),
        (b"\xef\xbb\xbftrue\n", [("startup-script-encoding", 1)]),
        (b"true\necho \xff\n", [("startup-script-encoding", 2)]),
        (b"true\nif true; then\n", [("startup-script-syntax", 2)]),
        (b"sudo apt-get install -y jq\n", [("startup-script-command", 1)]),
        (b"sudo yum -y update\n", [("startup-script-command", 1)]),
        (b"sudo yum -y update --exclude=python*\n", []),
        (b"sudo yum install -y jq\n", []),
        (b"airflow db init\n", [("startup-script-command", 1)]),
        (b"pip install apache-airflow==2.6\n", [("startup-script-command", 1)]),
        (b"exit 0\n", [("startup-script-exit", 1)]),
    ],
)
def test_a_script_is_judged_line_by_line(
    content: bytes, expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    script = tmp_path / "startup.sh"
    script.write_bytes(content)
    found = [(f.rule, f.location.line) for f in check_startup_script(script).findings if f.location]
    assert found == expected


def test_no_script_is_no_mistake(tmp_path: Path) -> None:
    assert check_startup_script(tmp_path / "startup.sh").outcome is Outcome.PASSED
