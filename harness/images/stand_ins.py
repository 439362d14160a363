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
from harness.images.references import FINGERPRINT_LABEL, REPOSITORY, STAND_IN_LABEL, BaseImage
from harness.images.root_import import import_root
from harness.project.fingerprint import fingerprint, hash_file
from harness.workerenv.interpreters import find_interpreter
from harness.workerenv.tool_matrix import TOOL_MATRIX, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docker import DockerClient

    from harness.events import EventSink

# Raise it when the same inputs must give another image.
_RECIPE = "2"
_PYTHON_SERIES = "3.10"
_SYSTEM = (
    *("base-files", "base-passwd", "bash", "coreutils", "dash", "diffutils", "findutils", "grep", "gzip"),
    *("hostname", "libc-bin", "mawk", "netbase", "passwd", "sed", "tar", "tzdata", "util-linux"),
)
_AUTHORITIES = ("ca-certificates", "openssl")
# Asked for by scripts of packages, none of which runs.
_SCRIPTING = ("perl", "libperl", "debconf", "cdebconf", "sensible-utils", "ucf")
_LOCALSTACK_LOCK = TOOL_MATRIX[Tool.LOCALSTACK].lock
# What `harness/workerenv/bytecode.py` needs to run by itself.
_COMPILER = ("__init__.py", "errors.py", "process.py", "workerenv/__init__.py", "workerenv/bytecode.py")


@dataclass(frozen=True)
class StandIn:
    """How one published image is stood in for; `docker/stand-ins/<name>.Dockerfile` goes on from these.

    Attributes:
        packages: Debian packages of its root file system, beside the common ones.
        complete: adds to the folder of its build, and to `rootfs` in it, what is not a package.
        inputs: files, beside its Dockerfile, that decide what it holds.
        left_out: beginnings of names of packages that others ask for and nothing here uses.
    """

    packages: tuple[str, ...]
    complete: Callable[[Path, Mapping[str, str]], None]
    inputs: Callable[[], tuple[Path, ...]] = tuple
    left_out: tuple[str, ...] = _SCRIPTING


def _complete_python(folder: Path, environ: Mapping[str, str]) -> None:
    copy_interpreter(find_interpreter(_PYTHON_SERIES, environ), folder / "rootfs", environ)


def _complete_postgres(folder: Path, _environ: Mapping[str, str]) -> None:
    root = folder / "rootfs"
    library = root / "usr/lib/postgresql/15/lib"
    for path in library.glob("llvmjit*"):
        path.unlink()
    shutil.rmtree(library / "bitcode", ignore_errors=True)
    programs = root / "usr/local/bin"
    programs.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_recipe("postgres-entrypoint.sh"), programs / "docker-entrypoint.sh")
    for name, line in (
        ("passwd", "postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/bash"),
        ("group", "postgres:x:999:"),
    ):
        with (root / "etc" / name).open("a", encoding="ascii") as table:
            table.write(f"{line}\n")
    # The entrypoint, which starts as root, gives these to the server's user.
    for place in ("var/lib/postgresql/data", "var/run/postgresql"):
        (root / place).mkdir(parents=True, exist_ok=True)


def _complete_localstack(folder: Path, _environ: Mapping[str, str]) -> None:
    shutil.copy2(uv.find_uv_bin(), folder / "uv")
    shutil.copy2(docker_folder() / "with-package-settings", folder)
    shutil.copyfile(_LOCALSTACK_LOCK, folder / "localstack.txt")
    for name in _COMPILER:
        target = folder / "code/harness" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, target)


def _recipe(name: str) -> Path:
    return docker_folder() / "stand-ins" / name


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
        packages=("postgresql-15",),
        complete=_complete_postgres,
        inputs=lambda: (_recipe("postgres-entrypoint.sh"),),
        # Compiled queries need LLVM, a hundred megabytes; the entrypoint switches them off.
        left_out=(
            *_SCRIPTING,
            *("libllvm", "libz3", "locales", "postgresql-common", "postgresql-client-common", "ssl-cert"),
        ),
    ),
    BaseImage.LOCALSTACK: StandIn(
        packages=(*_AUTHORITIES, "curl", "python3.11", "python3.11-venv"),
        complete=_complete_localstack,
        inputs=lambda: (_LOCALSTACK_LOCK, *(PACKAGE / name for name in _COMPILER)),
    ),
}


def stand_in_fingerprint(image: BaseImage) -> str:
    """The name of what the stand-in for `image` is made of; the same on every machine."""
    stand_in = STAND_INS[image]
    files = (_recipe(f"{image.word}.Dockerfile"), *stand_in.inputs())
    return fingerprint(
        {
            "recipe": _RECIPE,
            "suite": SUITE,
            "packages": " ".join((*_SYSTEM, *stand_in.packages)),
            "left out": " ".join(stand_in.left_out),
            "files": "\n".join(hash_file(path) for path in files),
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


def prepare_build(client: DockerClient, image: BaseImage, folder: Path, environ: Mapping[str, str]) -> Build:
    """Import the root file system of the stand-in for `image`, prepared below `folder`.

    Returns:
        What remains to be built on it.

    Raises:
        HarnessError: this machine lacks what goes into it beside packages, or the engine refused.
    """
    context = folder / image.word
    STAND_INS[image].complete(context, environ)
    system = f"{REPOSITORY}/stand-in-system:{image.word}"
    import_root(client, context / "rootfs", system)
    shutil.rmtree(context / "rootfs")
    labels = {
        STAND_IN_LABEL: image.reference,
        FINGERPRINT_LABEL: stand_in_fingerprint(image),
        "org.opencontainers.image.description": f"Stands in for {image.reference}; made by mwaa-harness "
        f"from packages of Debian {SUITE} and PyPI",
    }
    return Build(
        image.reference,
        _recipe(f"{image.word}.Dockerfile"),
        context,
        arguments={"SYSTEM_IMAGE": system},
        labels=labels,
    )
