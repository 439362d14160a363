from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks.dag_parser.session import Session
from harness.checks.plugins import check_plugins
from tests.unit.checks.dags.conftest import make_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.results import CheckResult
    from harness.workerenv.store import WorkerEnvironment


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session whose plugins folder is empty; an archive is judged without it."""
    return Session("", "", [], {}, {}, str(tmp_path / "dags"), str(tmp_path / "plugins"), {}, {}, "")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["../escape.py"], ["plugins-unsafe-archive"]),
        (["/etc/passwd"], ["plugins-unsafe-archive"]),
        (["plugins/a.py", "plugins/b.py"], ["plugins-nested-folder"]),
    ],
)
def test_an_archive_is_judged_by_its_entries(
    names: list[str], expected: list[str], session: Session, tmp_path: Path
) -> None:
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in names:
            opened.writestr(name, "")
    assert [finding.rule for finding in check_plugins(session, archive).findings] == expected


def test_a_link_in_an_archive_is_refused(session: Session, tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(entry, "/etc/passwd")
    assert [finding.rule for finding in check_plugins(session, archive).findings] == [
        "plugins-unsafe-archive"
    ]


def test_a_bomb_is_refused(session: Session, tmp_path: Path) -> None:
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeroes", bytes(120 << 20))
    assert [finding.rule for finding in check_plugins(session, archive).findings] == ["plugins-bomb"]


def test_what_is_no_archive_is_refused(session: Session, tmp_path: Path) -> None:
    archive = tmp_path / "plugins.zip"
    archive.write_bytes(b"no archive")
    assert [finding.rule for finding in check_plugins(session, archive).findings] == [
        "plugins-unsafe-archive"
    ]


_PLUGIN = """from airflow.plugins_manager import AirflowPlugin


class {name}(AirflowPlugin):
    name = "{called}"
"""
_GOOD = {"good.py": _PLUGIN.format(name="Good", called="good"), "operators/__init__.py": ""}
_BAD = {
    "one.py": _PLUGIN.format(name="A", called="same"),
    "two.py": _PLUGIN.format(name="B", called="same"),
    "absent.py": "import os\nimport nothing_at_all\n",
    "early.py": "from dag_of_plugin_test import VALUE\n",
    "late.py": "def week_of(day):\n    import nothing_at_all\n",
    "hooks/croniter.py": "",
    "requests_toolbelt.py": "",
    "menu.py": _PLUGIN.format(name="Menu", called="menu")
    + "    @property\n    def flask_blueprints(self):\n        return 1 / 0\n",
}
_EXPECTED = [
    ("plugin-import-error", "absent.py", 2),
    ("plugin-import-error", "early.py", 1),
    ("plugin-import-error", "menu.py", 8),
    ("plugin-lacks-module", "late.py", 2),
    ("plugin-module-clash", "croniter.py", 1),
    ("plugin-module-hidden", "requests_toolbelt.py", 1),
    ("plugin-name-clash", "two.py", 5),
]


def places(result: CheckResult, subject: Path) -> list[tuple[str, str, int | None]]:
    """Rule, file and line of each finding inside `subject`."""
    return sorted(
        (each.rule, each.location.path.name, each.location.line)
        for each in result.findings
        if each.location and each.location.path.is_relative_to(subject)
    )


@pytest.mark.network
@pytest.mark.slow
def test_plugins_are_loaded_as_each_component_does(
    tmp_path: Path, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> None:
    session = make_session(tmp_path, worker, fenced_environ)
    (tmp_path / "dags" / "dag_of_plugin_test.py").write_text("VALUE = 1\n", encoding="utf-8")
    for files, expected in ((_GOOD, []), (_BAD, _EXPECTED)):
        for name, text in files.items():
            path = Path(session.plugins_folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert places(check_plugins(session), Path(session.plugins_folder)) == expected


@pytest.mark.network
@pytest.mark.slow
def test_the_plugins_of_an_archive_are_loaded_too(
    tmp_path: Path, worker: WorkerEnvironment, fenced_environ: Mapping[str, str]
) -> None:
    session = make_session(tmp_path, worker, fenced_environ)
    (tmp_path / "dags" / "dag_of_plugin_test.py").write_text("VALUE = 1\n", encoding="utf-8")
    archive = tmp_path / "plugins.zip"
    for files, expected in ((_GOOD, []), (_BAD, _EXPECTED)):
        with zipfile.ZipFile(archive, "w") as opened:
            for name, text in files.items():
                opened.writestr(name, text)
        result = check_plugins(session, archive)
        assert places(result, archive) == expected
        assert len(result.findings) == len(expected)
        assert not any("mwaa-plugins-" in f"{each.message}{each.details}" for each in result.findings)
