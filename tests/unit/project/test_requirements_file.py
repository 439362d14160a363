from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import CollectedError, UsageError
from harness.project.requirements_file import Requirements, RequirementsContext, read_requirements

if TYPE_CHECKING:
    from pathlib import Path

OFFICIAL = "https://raw.githubusercontent.com/apache/airflow/constraints-2.5.1/constraints-3.10.txt"


class Project:
    """A project folder with a requirements file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "requirements.txt"
        self.carried = root / "carried.txt"
        for name in ("dags", "plugins"):
            (root / name).mkdir()

    def read(self, text: str) -> Requirements:
        self.file.write_text(text, encoding="utf-8")
        folders = {f"/usr/local/airflow/{name}": self.root / name for name in ("dags", "plugins")}
        return read_requirements(self.file, RequirementsContext(folders, {OFFICIAL: self.carried}))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def texts(requirements: Requirements) -> list[str]:
    return [line.text for line in requirements.lines]


def test_a_missing_file_asks_for_nothing(tmp_path: Path) -> None:
    assert read_requirements(tmp_path / "none.txt", RequirementsContext()).is_empty


def test_comments_blank_lines_and_continuations_are_read_as_pip_reads_them(project: Project) -> None:
    read = project.read("\ufeff# head\n\npandas==1.5.2  # why\nnumpy \\\n  >=1.22\r\n")
    assert texts(read) == ["pandas==1.5.2", "numpy   >=1.22"]
    assert [line.location.line for line in read.lines] == [3, 4]


def test_names_are_normalized(project: Project) -> None:
    read = project.read("Typing_Extensions[x]>=4; python_version > '3'\nfoo.bar @ https://host/x.whl\n")
    assert [line.name for line in read.lines] == ["typing-extensions", "foo-bar"]


@pytest.mark.parametrize(
    "line", [f'--constraint "{OFFICIAL}"', f"-c {OFFICIAL}", f"--constraint={OFFICIAL}", f"-c'{OFFICIAL}'"]
)
def test_the_official_constraints_come_from_the_carried_copy(project: Project, line: str) -> None:
    read = project.read(f"{line}\npandas\n")
    assert read.constraint_sources == (str(project.carried),)
    assert read.is_constrained


def test_other_constraint_addresses_stay_addresses(project: Project) -> None:
    other = OFFICIAL.replace("2.5.1", "2.4.3")
    assert project.read(f"-c {other}\n").constraint_sources == (other,)


def test_constraints_in_the_dags_folder_are_found(project: Project) -> None:
    (project.root / "dags" / "pins.txt").write_text("pandas==1.5.2\n")
    read = project.read("--constraint /usr/local/airflow/dags/pins.txt\npandas\n")
    assert [line.text for line in read.constraints] == ["pandas==1.5.2"]
    assert project.root / "dags" / "pins.txt" in read.files


def test_wheels_are_found_in_the_plugins_folder(project: Project) -> None:
    read = project.read("--find-links /usr/local/airflow/plugins\n--no-index\nfoo==1\n")
    assert [(o.name, o.value) for o in read.options] == [
        ("--find-links", str(project.root / "plugins")),
        ("--no-index", ""),
    ]
    assert read.local_packages == (project.root / "plugins",)


def test_a_wheel_named_by_its_path_on_mwaa_is_taken_from_the_project(project: Project) -> None:
    wheel = project.root / "plugins" / "my pkg-1-py3-none-any.whl"
    wheel.touch()
    read = project.read(
        "/usr/local/airflow/plugins/my pkg-1-py3-none-any.whl\n"
        "mypkg @ file:///usr/local/airflow/plugins/my%20pkg-1-py3-none-any.whl\n"
    )
    uri = wheel.as_uri()
    assert texts(read) == [uri, f"mypkg @ {uri}"]


def test_includes_are_read_in_place_and_keep_their_own_locations(project: Project) -> None:
    (project.root / "more.txt").write_text("\nb==2\n")
    read = project.read("a==1\n-r more.txt\nc==3\n")
    assert texts(read) == ["a==1", "b==2", "c==3"]
    assert str(read.lines[1].location) == f"{project.root / 'more.txt'}:2"


def test_a_missing_include_is_an_error_with_its_line(project: Project) -> None:
    with pytest.raises(UsageError) as caught:
        project.read("a\n-r nowhere.txt\n")
    assert str(caught.value.location) == f"{project.file}:2"
    assert str(project.root / "nowhere.txt") in (caught.value.hint or "")


def test_includes_in_a_circle_are_an_error_that_shows_the_circle(project: Project) -> None:
    (project.root / "more.txt").write_text("-r requirements.txt\n")
    with pytest.raises(UsageError, match=r"requirements\.txt → .*more\.txt → .*requirements\.txt") as caught:
        project.read("-r more.txt\n")
    assert str(caught.value.location) == f"{project.root / 'more.txt'}:1"


def test_every_bad_line_is_reported_at_once(project: Project) -> None:
    with pytest.raises(CollectedError) as caught:
        project.read("good==1\n???\n--constrain x\n-c\nimport pandas\n")
    assert [str(error.location).rpartition(":")[2] for error in caught.value.errors] == ["2", "3", "4", "5"]
    assert "--constraint" in (caught.value.errors[1].hint or "")


def test_a_folder_that_mwaa_lacks_is_an_error(project: Project) -> None:
    with pytest.raises(UsageError, match="/usr/local/airflow/config"):
        project.read("-c /usr/local/airflow/config/pins.txt\n")


def test_a_file_that_is_not_text_is_an_error(project: Project) -> None:
    project.file.write_bytes(b"pandas==1.5.2 # \xff\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_requirements(project.file, RequirementsContext())


def test_hashes_and_markers_stay_with_their_requirement(project: Project) -> None:
    line = "a==1 --hash=sha256:00 --hash=sha256:11"
    assert texts(project.read(f"{line}\n")) == [line]
