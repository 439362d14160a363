from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.images.debian import Archive, finish, merge_usr, parse_archives, source_lines, translate_failure
from harness.process import Completed

if TYPE_CHECKING:
    from pathlib import Path

MIRROR = "https://mirror.example/debian|bookworm|main|Debian"
SECURITY = "https://mirror.example/security|bookworm-security|main|Debian"
OTHER = "https://vendor.example/apt|bookworm|main|Vendor"


def test_sources_are_the_mirrors_that_the_machine_uses() -> None:
    archive, security = source_lines([OTHER, SECURITY, MIRROR])
    assert archive.endswith("https://mirror.example/debian bookworm main")
    assert security.endswith("https://mirror.example/security bookworm-security main")
    assert all("signed-by=" in line for line in (archive, security))


def test_other_release_of_debian_gives_the_same_suite() -> None:
    assert source_lines([MIRROR.replace("bookworm", "trixie")]) == (source_lines([MIRROR])[0],)


def test_origin_is_unknown_before_the_first_update() -> None:
    assert source_lines([MIRROR.removesuffix("Debian")]) == source_lines([MIRROR])


def test_machine_without_a_mirror_of_debian_is_told() -> None:
    with pytest.raises(HarnessError, match="no mirror of Debian") as caught:
        source_lines([OTHER])
    assert "apt-get update" in str(caught.value.hint)


def test_archives_are_read_from_the_list_of_addresses() -> None:
    lines = [
        "Reading package lists...",
        "'https://mirror/pool/libc6_2.36-9%2bdeb12u9_amd64.deb' libc6_2.36-9+deb12u9_amd64.deb 27 SHA256:0",
        "'https://mirror/pool/libgdbm6_1.23-3_amd64.deb' libgdbm6_1%3a1.23-3_amd64.deb 72 SHA256:0b",
    ]
    assert parse_archives(lines) == (
        Archive("libc6_2.36-9+deb12u9_amd64.deb", "libc6", "2.36-9+deb12u9"),
        Archive("libgdbm6_1%3a1.23-3_amd64.deb", "libgdbm6", "1:1.23-3"),
    )


def test_folders_of_the_old_layout_move_into_usr(tmp_path: Path) -> None:
    for name in ("lib/x86/a.so", "usr/lib/x86/b.so", "bin/sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    merge_usr(tmp_path)
    assert (tmp_path / "lib").is_symlink()
    assert (tmp_path / "bin/sh").read_text(encoding="utf-8") == "bin/sh"
    assert sorted(path.name for path in (tmp_path / "usr/lib/x86").iterdir()) == ["a.so", "b.so"]


def test_finished_root_has_users_certificates_and_temporary_folders(tmp_path: Path) -> None:
    for name, text in (
        ("usr/share/base-passwd/passwd.master", "root:*:0:0::/root:/bin/bash\n"),
        ("usr/share/base-passwd/group.master", "root:*:0:\n"),
        ("usr/share/ca-certificates/mozilla/A.crt", "first\n"),
        ("usr/share/ca-certificates/mozilla/B.crt", "second\n"),
        ("usr/bin/mawk", ""),
        ("etc/os-release", ""),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    finish(tmp_path)
    assert (tmp_path / "etc/passwd").read_text(encoding="utf-8").startswith("root:")
    assert (tmp_path / "etc/ssl/certs/ca-certificates.crt").read_text(encoding="utf-8") == "first\nsecond\n"
    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (tmp_path / "usr/bin/awk").is_symlink()


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("E: write: No space left on device", "free space"),
        ("certificate verification failed", "Acquire::https::CaInfo"),
        ("Could not resolve host", "apt-get update"),
    ],
)
def test_failure_of_apt_says_what_to_do(said: str, hint: str) -> None:
    error = translate_failure(Completed(("apt-get", "update"), 100, "", said))
    assert hint in str(error.hint)
    assert error.evidence == (said,)
