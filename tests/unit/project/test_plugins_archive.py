from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from harness.project import plugins_archive
from harness.project.plugins_archive import (
    PluginsArchiveError,
    build_plugins_archive,
    unpack_plugins_archive,
)

if TYPE_CHECKING:
    from pathlib import Path


def _write(folder: Path, relative: str, text: str = "x") -> Path:
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _archive(tmp_path: Path, entries: dict[str | zipfile.ZipInfo, str]) -> Path:
    path = tmp_path / "plugins.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return path


def test_the_archive_holds_the_contents_of_the_folder_and_not_the_folder(tmp_path: Path) -> None:
    _write(tmp_path / "plugins", "operators/mine.py")
    _write(tmp_path / "plugins", "flat.py")

    content = build_plugins_archive(tmp_path / "plugins")

    assert content is not None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["flat.py", "operators/mine.py"]
        assert {stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()} == {0o755}


def test_the_same_plugins_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        for relative in ("b.py", "a/c.py") if name == "first" else ("a/c.py", "b.py"):
            os.utime(_write(tmp_path / name, relative), (1, 1) if name == "first" else (2_000_000_000, 9))

    assert build_plugins_archive(tmp_path / "first") == build_plugins_archive(tmp_path / "second")


def test_other_plugins_make_other_bytes(tmp_path: Path) -> None:
    _write(tmp_path, "a.py", "one")
    before = build_plugins_archive(tmp_path)
    _write(tmp_path, "a.py", "two")

    assert build_plugins_archive(tmp_path) != before


@pytest.mark.parametrize("relative", ["__pycache__/a.pyc", ".git/config", ".DS_Store", "a.py~", ".a.py.swp"])
def test_leftovers_of_tools_are_not_plugins(tmp_path: Path, relative: str) -> None:
    _write(tmp_path, relative)

    assert build_plugins_archive(tmp_path) is None


def test_no_folder_makes_no_archive(tmp_path: Path) -> None:
    assert build_plugins_archive(tmp_path / "absent") is None


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    _write(tmp_path / "plugins", "Ordner ß/データ.py", "inhalt")
    content = build_plugins_archive(tmp_path / "plugins")
    assert content is not None
    (tmp_path / "plugins.zip").write_bytes(content)

    assert unpack_plugins_archive(tmp_path / "plugins.zip", tmp_path / "out") == 1

    assert (tmp_path / "out/Ordner ß/データ.py").read_text(encoding="utf-8") == "inhalt"


def _link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "name", ["../escaped.py", "a/../../escaped.py", "/etc/escaped.py", "a\\escaped.py", "C:/escaped.py"]
)
def test_an_entry_that_leads_outside_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    archive = _archive(tmp_path, {"good.py": "good", name: "bad"})
    (tmp_path / "a" / "out").mkdir(parents=True)

    with pytest.raises(PluginsArchiveError, match=r"escaped"):
        unpack_plugins_archive(archive, tmp_path / "a/out")

    assert [path.name for path in tmp_path.rglob("*.py")] == []


def test_a_link_is_refused(tmp_path: Path) -> None:
    archive = _archive(tmp_path, {_link("link"): "/etc/passwd"})

    with pytest.raises(PluginsArchiveError, match="not a regular file"):
        unpack_plugins_archive(archive, tmp_path / "out")


def test_an_archive_that_grows_without_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins_archive, "MAXIMUM_UNPACKED_BYTES", 1000)
    archive = _archive(tmp_path, {"big.py": "0" * 1001})

    with pytest.raises(PluginsArchiveError, match="would unpack to 1001 bytes"):
        unpack_plugins_archive(archive, tmp_path / "out")


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plugins.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.py", "0" * 100_000)
    honest, lying = struct.pack("<L", 100_000), struct.pack("<L", 10)
    path.write_bytes(path.read_bytes().replace(honest, lying))

    with pytest.raises(PluginsArchiveError, match="cannot be unpacked"):
        unpack_plugins_archive(path, tmp_path / "out")

    assert not (tmp_path / "out/big.py").exists() or (tmp_path / "out/big.py").stat().st_size <= 10


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plugins.zip").write_text("not a zip", encoding="utf-8")

    with pytest.raises(PluginsArchiveError, match="cannot be unpacked"):
        unpack_plugins_archive(tmp_path / "plugins.zip", tmp_path / "out")
