"""Root file systems from Debian's packages: chosen, fetched and verified by apt, unpacked, not installed.

Nothing of the machine's own package state is read or changed, and root is not needed. Packages are not
configured: an image that holds one program needs none of what their scripts would set up, and debootstrap,
which runs them, takes ten times as long.
"""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote

from harness.errors import HarnessError
from harness.process import CommandError, Completed, capture
from harness.workerenv.cloning import clone_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SUITE = "bookworm"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_TARGETS = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
_ARCHIVE = re.compile(r"^'[^']*' (?P<file>(?P<name>[^_\s]+)_(?P<version>[^_\s]+)_[^_\s]+\.deb) \d+ ")
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_UNREAD = ("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian")


@dataclass(frozen=True)
class Archive:
    """One package file as apt chose it."""

    file: str
    name: str
    version: str


class Debian:
    """Debian's packages, through the mirror that this machine takes Debian from.

    Its own lists and archives are in `folder`.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = {**environ, "LC_ALL": "C.UTF-8"}
        self._archives = folder / "archives"

    def open(self) -> None:
        """Find the mirror and read what it offers.

        Raises:
            HarnessError: this is not a Debian machine, or the mirror does not answer.
        """
        if shutil.which("apt-get", path=self._environ.get("PATH")) is None or not _KEYRING.is_file():
            raise HarnessError(
                "images can be put together from Debian's packages on a Debian machine only",
                hint="on one: make images EXPORT=images.tar; here: make images IMPORT=images.tar",
            )
        targets = self._check("apt-get", "indextargets", "--format", _TARGETS, "Created-By: Packages")
        (self._folder / "lists/partial").mkdir(parents=True)
        (self._folder / "cache").mkdir()
        self._archives.mkdir()
        (self._folder / "status").touch()
        sources = source_lines(targets.stdout.splitlines())
        (self._folder / "sources.list").write_text("".join(f"{line}\n" for line in sources), encoding="utf-8")
        self._apt("update")

    def resolve(self, packages: Sequence[str], left_out: Sequence[str]) -> tuple[Archive, ...]:
        """The archives of `packages` and of what they need, without those whose name starts as `left_out`."""
        words = ("install", "--yes", "--no-install-recommends", "--print-uris", *packages)
        listed = parse_archives(self._apt(*words).stdout.splitlines())
        return tuple(entry for entry in listed if not entry.name.startswith(tuple(left_out)))

    def fetch(self, archives: Iterable[Archive]) -> None:
        """Download `archives`; apt checks them against the signed lists."""
        wanted = {entry.file: f"{entry.name}={entry.version}" for entry in archives}
        if wanted:
            self._apt("download", *wanted.values())

    def unpack(self, archives: Iterable[Archive], target: Path) -> None:
        """Unpack fetched `archives` into the folder `target`."""
        target.mkdir(parents=True, exist_ok=True)
        for entry in archives:
            self._check("dpkg-deb", "--extract", self._archives / entry.file, target)

    def _apt(self, *words: str) -> Completed:
        folder = self._folder
        options = {
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
        }
        pairs = (word for name, value in options.items() for word in ("-o", f"{name}={value}"))
        return self._check("apt-get", "-qq", *pairs, *words)

    def _check(self, *argv: str | Path) -> Completed:
        done = capture(argv, env=self._environ, cwd=self._archives if self._archives.is_dir() else None)
        if done.exit_status != 0:
            raise translate_failure(done)
        return done


def source_lines(targets: Sequence[str]) -> tuple[str, ...]:
    """Source lines for the suite, from the mirrors among the index `targets` of this machine.

    Raises:
        HarnessError: none of them is a mirror of Debian.
    """
    rows = [line.split("|") for line in targets if line.count("|") == 3]  # noqa: PLR2004 - as _TARGETS
    main = [row for row in rows if row[2] == "main" and "/" not in row[1]]
    ranked = sorted(main, key=lambda row: row[3] != "Debian")  # before `apt-get update` no origin is known
    archive = next((row for row in ranked if row[1].isalpha() and row[3] in ("Debian", "")), None)
    security = next((row for row in ranked if row[1].endswith("-security")), None)
    if archive is None:
        raise HarnessError(
            "apt knows no mirror of Debian on this machine",
            hint="check /etc/apt/sources.list and /etc/apt/sources.list.d, then run apt-get update",
        )
    lines = [f"deb [signed-by={_KEYRING}] {archive[0]} {SUITE} main"]
    if security is not None:
        lines.append(f"deb [signed-by={_KEYRING}] {security[0]} {SUITE}-security main")
    return tuple(lines)


def parse_archives(lines: Sequence[str]) -> tuple[Archive, ...]:
    """The archives that `apt-get --print-uris` lists."""
    found = (_ARCHIVE.match(line) for line in lines)
    return tuple(Archive(m["file"], m["name"], unquote(m["version"])) for m in found if m)


def merge_usr(root: Path) -> None:
    """Give `root` Debian's layout, where /bin, /sbin and /lib are links into /usr."""
    for name in _MERGED:
        separate = root / name
        if separate.is_dir() and not separate.is_symlink():
            _move_into(separate, root / "usr" / name)
            separate.rmdir()
            separate.symlink_to(f"usr/{name}")


def finish(root: Path) -> None:
    """Write the few files that packages' own scripts would: users, certificates, time zone, awk."""
    for name in ("passwd", "group"):
        master = root / f"usr/share/base-passwd/{name}.master"
        if master.is_file():
            shutil.copyfile(master, root / "etc" / name)
    authorities = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    if authorities:
        bundle = root / "etc/ssl/certs/ca-certificates.crt"
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(b"".join(path.read_bytes() for path in authorities))
    if (root / "usr/share/zoneinfo/Etc/UTC").exists():
        (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
        (root / "etc/timezone").write_text("Etc/UTC\n", encoding="ascii")
    if (root / "usr/bin/mawk").exists():
        (root / "usr/bin/awk").symlink_to("mawk")
    for folder in ("tmp", "var/tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).chmod(0o1777)


def unpack_all(debian: Debian, wanted: Mapping[Path, Sequence[Archive]]) -> None:
    """Unpack several root file systems at once; what all of them hold is unpacked once."""
    common = set.intersection(*(set(archives) for archives in wanted.values()))
    with TemporaryDirectory(dir=next(iter(wanted)).parent.parent) as folder, ThreadPoolExecutor() as pool:
        shared = Path(folder) / "shared"
        ordered = sorted(common, key=lambda entry: entry.file)
        halves = ordered[::2], ordered[1::2]
        for done in [pool.submit(debian.unpack, half, shared) for half in halves]:
            done.result()

        def complete(root: Path, archives: Sequence[Archive]) -> None:
            clone_tree(shared, root)
            debian.unpack((entry for entry in archives if entry not in common), root)
            merge_usr(root)
            for name in _UNREAD:
                shutil.rmtree(root / name, ignore_errors=True)
            finish(root)

        for done in [pool.submit(complete, root, archives) for root, archives in wanted.items()]:
            done.result()


def translate_failure(done: Completed) -> CommandError:
    """What a failed call of apt or dpkg means to the user."""
    said = done.stderr.lower()
    hint = "run apt-get update to see whether Debian's mirror answers"
    if "no space left" in said:
        hint = "free space on the disk of the temporary folder (TMPDIR names another)"
    elif "certificate" in said:
        hint = "apt does not trust the mirror's certificate: see Acquire::https::CaInfo in apt.conf(5)"
    return CommandError(f"{done.argv[0]} could not get Debian's packages", done, hint=hint)


def _move_into(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        destination = target / entry.name
        if entry.is_dir() and not entry.is_symlink() and destination.is_dir():
            _move_into(entry, destination)
            entry.rmdir()
        elif not destination.exists() and not destination.is_symlink():
            entry.rename(destination)
        else:
            entry.unlink()
