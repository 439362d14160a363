"""What is checked is what is built: two modules read requirements files, and must read them alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.checks.requirements.document import Surroundings, read_document
from harness.project.requirements_file import RequirementsContext, read_requirements
from harness.workerenv.matrix import support_row

CASES = sorted((Path(__file__).parents[3] / "truth" / "requirements" / "cases").glob("*.txt"))
AWKWARD = (
    "\ufeffpandas\r\nRequests == 2.28.2 # why\r\n",
    "pandas \\\n  >= 1.0 \\\n  , < 2\n# numpy\n-c /usr/local/airflow/dags/pins.txt\n",
    "a_b[x,y]==1 ; python_version < '4'\n\n  -r more.txt\nlast \\",
    "x @ https://example.com/x-1-py3-none-any.whl\n--extra-index-url=https://example.com/simple\n",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "pins.txt").write_text("numpy==1.22.4\n", "utf-8")
    (tmp_path / "more.txt").write_text("included==1\n", "utf-8")
    return tmp_path


def _checked(file: Path, root: Path) -> tuple[list[str], list[str]]:
    row = support_row("2.5.1")
    mounts = {"/usr/local/airflow/dags": root / "dags"}
    document = read_document(file, Surroundings(root, mounts, row.constraints_file, "2.5.1", "3.10"))
    constraints = [] if row.constraints_file in document.texts else document.constraints
    return [entry.name for entry in document.requirements], [entry.name for entry in constraints]


def _built(file: Path, root: Path) -> tuple[list[str], list[str]]:
    row = support_row("2.5.1")
    folders = {"/usr/local/airflow/dags": root / "dags"}
    context = RequirementsContext(folders, {row.constraints_url: row.constraints_file})
    read = read_requirements(file, context)
    return [line.name or "" for line in read.lines], [line.name or "" for line in read.constraints]


@pytest.mark.parametrize("text", [*(case.read_text("utf-8") for case in CASES), *AWKWARD])
def test_a_file_is_read_for_the_check_as_it_is_for_the_environment(text: str, root: Path) -> None:
    file = root / "requirements.txt"
    file.write_bytes(text.encode())
    assert _checked(file, root) == _built(file, root)
