"""Verdicts on all lines together, with an index that holds what the test says."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from harness.checks.requirements.base_set import load_base_set
from harness.checks.requirements.check import Request, check_requirements
from harness.results import Outcome, Severity
from harness.workerenv.packager import find_packager
from tests.unit.checks.requirements.local_index import Releases, serve

if TYPE_CHECKING:
    from pathlib import Path

    from harness.checks.requirements.check import Checked
    from harness.results import Finding


class Project:
    """A project's requirements and constraints, checked against an index of the test's own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases = Releases()
        (root / "dags").mkdir()
        self.constrain()

    def constrain(self, *lines: str) -> None:
        (self.root / "dags" / "constraints.txt").write_text("\n".join(lines) + "\n", "utf-8")

    def pin(self, name: str, version: str) -> None:
        """Constrain a package to a release, which the index has."""
        self.constrain(f"{name}=={version}")
        self.releases.wheel(name, version)

    def check(self, *lines: str) -> Checked:
        file = self.root / "requirements.txt"
        head = "-c /usr/local/airflow/dags/constraints.txt"
        file.write_text("\n".join([head, *lines]) + "\n", "utf-8")
        with serve(self.releases) as url:
            variables = {
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "PIP_CONFIG_FILE": "/dev/null",
                "UV_DEFAULT_INDEX": url,
                "UV_CACHE_DIR": str(self.root / "uv-cache"),
            }
            return check_requirements(
                Request(
                    file=file,
                    root=self.root,
                    dags_folder=self.root / "dags",
                    plugins_folder=self.root / "plugins",
                    airflow_version="2.5.1",
                    cache=self.root / "cache",
                    packager=find_packager(variables),
                    patience_seconds=300,
                )
            )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def _error(checked: Checked) -> Finding:
    errors = [finding for finding in checked.result.findings if finding.severity is Severity.ERROR]
    assert len(errors) == 1, errors
    return errors[0]


def _edits(checked: Checked) -> list[str]:
    assert checked.verdict is not None
    return [edit.after for edit in checked.verdict.edits]


def test_a_conflict_below_a_line_is_told_step_by_step(project: Project) -> None:
    project.pin("deep", "2.0")
    project.releases.wheel("middle", "1.0", "deep<2")
    project.releases.wheel("top", "1.0", "middle==1.0")
    error = _error(project.check("top==1.0"))
    assert error.rule == "unresolvable"
    assert error.location is not None
    assert error.location.line == 2
    assert error.details == (
        "1. you ask for top==1.0",
        "2. top==1.0 needs middle==1.0",
        "3. middle==1.0 needs deep<2",
        "4. the constraints pin deep==2.0",
    )
    assert error.hint == (
        "no version of your lines resolves with the constraints: remove the line, or run it elsewhere"
    )


def test_when_nothing_fits_it_is_said_what_rules_the_others_out(project: Project) -> None:
    project.constrain("deep==2.0", "other==1.0")
    project.releases.wheel("deep", "2.0")
    project.releases.wheel("other", "1.0")
    for minor in range(4):
        project.releases.wheel("top", f"1.{minor}", "deep<2", *(["other>1"] if minor == 3 else []))
    error = _error(project.check("top==1.1"))
    assert error.details[-1] == (
        "4. none of the 4 releases from 1.0 to 1.3 fits: deep==2.0 rules out 4, other==1.0 rules out 1"
    )


@pytest.mark.parametrize(("fitting", "proposed"), [(("1.1", "1.7"), "1.7"), (("1.3", "1.9"), "1.3")])
def test_the_nearest_release_on_either_side_is_proposed(
    project: Project, fitting: tuple[str, ...], proposed: str
) -> None:
    project.pin("deep", "2.0")
    for minor in range(10):
        version = f"1.{minor}"
        project.releases.wheel("top", version, "deep>=2" if version in fitting else "deep<2")
    assert _edits(project.check("top==1.5  # ours")) == [f"top=={proposed}"]


def test_a_nearer_release_is_proposed_although_something_below_it_has_no_wheel(project: Project) -> None:
    project.pin("deep", "2.0")
    project.releases.source("built", "1.0")
    project.releases.wheel("top", "1.0", "deep<2")
    project.releases.wheel("top", "1.1", "deep>=2", "built==1.0")
    project.releases.wheel("top", "2.0", "deep>=2")
    assert _edits(project.check("top==1.0")) == ["top==1.1"]


def test_the_nearest_release_is_proposed_where_the_conflict_lies_deeper(project: Project) -> None:
    project.pin("deep", "2.0")
    project.releases.wheel("middle", "1.0", "deep<2")
    project.releases.wheel("middle", "2.0", "deep>=2")
    for minor in range(8):
        project.releases.wheel("top", f"1.{minor}", f"middle=={1 if minor < 6 else 2}.0")
    assert _edits(project.check("top==1.2")) == ["top==1.6"]


def test_a_range_is_replaced_by_the_release_next_to_it(project: Project) -> None:
    project.pin("deep", "2.0")
    for minor in range(10):
        project.releases.wheel("top", f"1.{minor}", "deep<2" if minor < 6 else "deep>=2")
    assert _edits(project.check("top>=1.3,<1.6")) == ["top==1.6"]


def test_lines_that_only_move_together_move_as_little_as_they_can(project: Project) -> None:
    project.pin("deep", "2.0")
    for minor in range(10):
        project.releases.wheel("left", f"1.{minor}", "deep<2" if minor < 6 else "deep>=2")
        project.releases.wheel("right", f"1.{minor}", f"left==1.{minor}")
    assert _edits(project.check("left==1.4", "right==1.4")) == ["left==1.6", "right==1.6"]


def test_a_post_release_is_next_to_its_release(project: Project) -> None:
    project.pin("deep", "2.0")
    for version in ("1.0", "1.0.post1", "1.1"):
        project.releases.wheel("top", version, "deep<2" if version == "1.0" else "deep>=2")
    assert _edits(project.check("top==1.0")) == ["top==1.0.post1"]


def test_local_versions_do_not_disturb_the_search(project: Project) -> None:
    project.pin("deep", "2.0")
    for version in ("1.0+cu117", "1.1+cu117", "1.2", "1.3+cu117"):
        project.releases.wheel("top", version, "deep>=2" if version >= "1.2" else "deep<2")
    assert _edits(project.check("top==1.0+cu117")) == ["top==1.2"]
    assert _edits(project.check("top==1.4+cu117")) == ["top==1.3+cu117"]
    assert _edits(project.check("top~=1.0,<1.2")) == ["top==1.2"]


def test_a_release_far_away_is_proposed_when_none_is_near(project: Project) -> None:
    project.pin("deep", "2.0")
    for minor in range(60):
        project.releases.wheel("top", f"1.{minor}", "deep>=2" if minor == 57 else "deep<2")
    assert _edits(project.check("top==1.2")) == ["top==1.57"]


def test_the_resolver_does_not_ask_for_what_was_read_around_a_line(project: Project) -> None:
    project.pin("deep", "2.0")
    for minor in range(30):
        project.releases.wheel("top", f"1.{minor}", "deep>=2" if minor == 20 else "deep<2")
    assert _edits(project.check("top==1.10")) == ["top==1.20"]
    files = Counter(path for path in project.releases.asked if path.startswith("/files/top-"))
    neighbours = {f"/files/top-1.{minor}-py3-none-any.whl" for minor in range(11, 27)}
    assert neighbours <= files.keys()
    assert {path: files[path] for path in neighbours if files[path] > 1} == {}


def test_two_lines_that_exclude_each_other_are_both_shown(project: Project) -> None:
    for version in ("1.0", "2.0"):
        project.releases.wheel("shared", version)
        project.releases.wheel("left", version, f"shared=={version}")
        project.releases.wheel("right", version, f"shared=={version}")
    checked = project.check("left==1.0", "right==2.0")
    text = " ".join(_error(checked).details)
    assert "shared==1.0" in text
    assert "shared==2.0" in text
    assert len(_edits(checked)) == 1


def test_a_package_that_no_index_has_is_named_beside_other_conflicts(project: Project) -> None:
    project.pin("deep", "2.0")
    rules = {finding.rule for finding in project.check("deep==1.0", "mistyped==1.0").result.findings}
    assert rules == {"pin-conflicts-with-constraint", "not-on-index"}


def test_a_contradiction_to_a_pin_is_said_once_and_its_fix_shown(project: Project) -> None:
    project.constrain("deep==2.0")
    project.releases.wheel("deep", "1.0")
    project.releases.wheel("deep", "2.0")
    checked = project.check("deep==1.0")
    assert _error(checked).rule == "pin-conflicts-with-constraint"
    assert checked.result.facts == ("--fix would write line 2: deep==2.0",)


def test_a_replaced_package_is_shown_at_the_line_that_leads_to_it(project: Project) -> None:
    project.releases.wheel("requests", "2.28.2")
    project.releases.wheel("requests", "2.99.0")
    project.releases.wheel("middle", "1.0", "requests>=2.99")
    project.releases.wheel("top", "1.0", "middle")
    found = project.check("# first", "top==1.0").result.findings
    change = next(finding for finding in found if finding.rule == "changes-installed-package")
    assert change.location is not None
    assert change.location.line == 3
    assert change.details == ("this line asks for top, which needs middle, which needs requests",)


def test_a_release_that_must_be_built_is_installed_with_a_warning(project: Project) -> None:
    project.releases.source("built", "1.0")
    project.releases.wheel("top", "1.0", "built")
    result = project.check("top==1.0").result
    assert result.outcome is Outcome.PASSED
    assert [finding.rule for finding in result.findings] == ["no-compatible-wheel"]


def test_a_file_that_asks_for_nothing_passes_without_an_index(project: Project) -> None:
    result = project.check("# nothing").result
    assert result.outcome is Outcome.PASSED
    assert result.facts == ("asks for nothing, so nothing changes",)


def test_no_variable_of_this_machine_gets_into_an_address(project: Project) -> None:
    project.releases.wheel("top", "1.0")
    checked = project.check("top==1.0", "evil @ http://127.0.0.1:9/${HOME}/evil-1-py3-none-any.whl")
    assert checked.verdict is not None
    assert checked.verdict.resolved is not None
    assert [skipped.what for skipped in checked.result.skipped] == ["line 3"]


def test_what_stays_as_it_is_needs_nothing_from_the_index(project: Project) -> None:
    project.releases.wheel("requests", load_base_set("2.5.1")["requests"].version)
    project.releases.wheel("top", "1.0", "requests>=2")
    checked = project.check("top==1.0")  # there is no urllib3 here, which requests needs
    assert checked.result.outcome is Outcome.PASSED
    assert checked.verdict is not None
    assert [change.name for change in checked.verdict.changes] == ["top"]


def test_a_package_of_the_base_set_is_replaced_only_when_its_neighbours_allow_it(project: Project) -> None:
    base = load_base_set("2.5.1")
    for name in ("jinja2", "markupsafe"):
        project.releases.wheel(name, base[name].version)
    project.releases.wheel("markupsafe", "1.1")
    project.releases.wheel("top", "1.0", "markupsafe<2")
    alone = project.check("top==1.0").verdict
    assert alone is not None
    assert {change.name: change.after for change in alone.changes} == {"markupsafe": "1.1", "top": "1.0"}
    error = _error(project.check("top==1.0", f"jinja2=={base['jinja2'].version}"))  # needs markupsafe>=2
    assert error.rule == "unresolvable"
    assert "markupsafe" in error.message
