from __future__ import annotations

import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from harness.checks.dag_parser.session import Session
from harness.checks.plugins import check_plugins

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session whose plugins folder is empty; an archive is judged without it."""
    return Session("", "", [], {}, {}, str(tmp_path / "dags"), str(tmp_path / "plugins"), {}, {}, "")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["operators/x.py", "operators/__init__.py"], []),
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
