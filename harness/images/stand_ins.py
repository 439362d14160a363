"""Stand-ins for published images, made on this machine from Debian's packages and PyPI.

They answer to the published images' names and to what this project uses of them, not to everything.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from harness.events import StepProgressed
from harness.images.building import Build
from harness.images.debian import SUITE, Debian, unpack_all
from harness.images.folders import PACKAGE, docker_folder
from harness.images.interpreter_copy import copy_interpreter
from harness.images.references import FINGERPRINT_LABEL, STAND_IN_LABEL, BaseImage
from harness.project.fingerprint import fingerprint, hash_file, hash_files
from harness.workerenv.interpreters import find_interpreter
from harness.workerenv.tool_matrix import TOOL_MATRIX, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.events import EventSink

# Raise it when the same inputs must give another image.
_RECIPE = "1"
PYTHON_SERIES = "3.10"
_SYSTEM = (
    *("base-files", "base-passwd", "bash", "coreutils", "dash", "diffutils", "findutils", "grep", "gzip"),
    *("hostname", "libc-bin", "mawk", "netbase", "passwd", "sed", "tar", "tzdata", "util-linux"),
)
_LOCALSTACK_LOCK = TOOL_MATRIX[Tool.LOCALSTACK].lock


@dataclass(frozen=True)
class StandIn:
    """How one published image is stood in for.

    Attributes:
        packages: Debian packages of its root file system, beside the common ones.
        left_out: beginnings of names of packages that others ask for and nothing here uses.
        complete: adds to the build's folder what is not a package; gets the folder and the environment.
        inputs: further files that decide what it holds.
    """

    packages: tuple[str, ...]
    left_out: tuple[str, ...] = ("perl", "libperl", "debconf")
    complete: Callable[[Path, Mapping[str, str]], None] = lambda folder, environ: None  # noqa: ARG005 - nothing to add
    inputs: tuple[Path, ...] = ()


def _complete_python(folder: Path, environ: Mapping[str, str]) -> None:
    copy_interpreter(find_interpreter(PYTHON_SERIES, environ), folder / "rootfs", environ)


def _complete_localstack(folder: Path, _environ: Mapping[str, str]) -> None:
    shutil.copy2(uv.find_uv_bin(), folder / "uv")
    shutil.copy2(docker_folder() / "with-package-settings", folder)
    shutil.copyfile(_LOCALSTACK_LOCK, folder / "localstack.txt")
    for name in _COMPILER:
        target = folder / "code/harness" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, target)


def _complete_postgres(folder: Path, _environ: Mapping[str, str]) -> None:
    library = folder / "rootfs/usr/lib/postgresql/15/lib"
    for path in (*library.glob("llvmjit*"), library / "bitcode"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


_COMPILER = ("__init__.py", "errors.py", "process.py", "workerenv/__init__.py", "workerenv/bytecode.py")
_AUTHORITIES = ("ca-certificates", "openssl")

STAND_INS: Mapping[BaseImage, StandIn] = {
    BaseImage.PYTHON: StandIn(
        packages=(
            *_AUTHORITIES,
            *("libbz2-1.0", "libdb5.3", "libexpat1", "libffi8", "libgdbm6", "liblzma5", "libncursesw6"),
            *("libnsl2", "libreadline8", "libsqlite3-0", "libssl3", "libtirpc3", "libuuid1", "zlib1g"),
        ),
        complete=_complete_python,
    ),
    BaseImage.POSTGRES: StandIn(
        packages=("postgresql-15", "libnss-wrapper"),
        # Compilation of queries needs LLVM, a hundred megabytes; the metadata database is run without.
        left_out=(
            "perl",
            "libperl",
            "debconf",
            "libllvm",
            "libz3",
            "locales",
            "postgresql-common",
            "postgresql-client-common",
            "ssl-cert",
            "ucf",
            "sensible-utils",
        ),
        complete=_complete_postgres,
    ),
    BaseImage.LOCALSTACK: StandIn(
        packages=(*_AUTHORITIES, "curl", "python3.11", "python3.11-venv", "libpython3.11-stdlib"),
        complete=_complete_localstack,
        inputs=(_LOCALSTACK_LOCK, *(PACKAGE / name for name in _COMPILER)),
    ),
}


def stand_in_fingerprint(image: BaseImage) -> str:
    """The name of what the stand-in for `image` is made of; the same on every machine."""
    stand_in = STAND_INS[image]
    folder = docker_folder() / "stand-ins" / image.word
    return fingerprint(
        {
            "recipe": _RECIPE,
            "suite": SUITE,
            "packages": " ".join((*_SYSTEM, *stand_in.packages)),
            "left out": " ".join(stand_in.left_out),
            "files": hash_files(folder, (path for path in folder.rglob("*") if path.is_file())),
            "inputs": "\n".join(hash_file(path) for path in stand_in.inputs),
        }
    )


def prepare_stand_ins(
    images: Sequence[BaseImage], folder: Path, environ: Mapping[str, str], events: EventSink
) -> None:
    """Fetch and unpack the packages of the stand-ins for `images`, each below the new folder `folder`.

    Raises:
        HarnessError: this machine is no Debian machine, or the packages cannot be had.
    """
    debian_folder = folder / "debian"
    debian_folder.mkdir(parents=True)
    debian = Debian(debian_folder, environ)
    for image in images:
        events(StepProgressed(image.reference, f"resolving packages of Debian {SUITE}"))
    debian.open()
    archives = {
        image: debian.resolve((*_SYSTEM, *STAND_INS[image].packages), STAND_INS[image].left_out)
        for image in images
    }
    for image in images:
        events(StepProgressed(image.reference, f"fetching {len(archives[image])} packages"))
    debian.fetch({entry for chosen in archives.values() for entry in chosen})
    unpack_all(debian, {folder / image.word / "rootfs": chosen for image, chosen in archives.items()})


def prepare_build(image: BaseImage, folder: Path, environ: Mapping[str, str]) -> Build:
    """The build of the stand-in for `image`, whose packages are prepared below `folder`.

    Raises:
        HarnessError: this machine lacks what goes into it beside packages.
    """
    context = folder / image.word
    for path in (docker_folder() / "stand-ins" / image.word).iterdir():
        shutil.copy2(path, context / path.name)
    STAND_INS[image].complete(context, environ)
    labels = {
        STAND_IN_LABEL: image.reference,
        FINGERPRINT_LABEL: stand_in_fingerprint(image),
        "org.opencontainers.image.description": f"Stands in for {image.reference}; made by mwaa-harness "
        f"from packages of Debian {SUITE} and PyPI",
    }
    return Build(image.reference, context / "Dockerfile", context, labels=labels)
