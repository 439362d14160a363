"""Bind folders in a mount namespace of this process's own. Linux, standard library only.

Root enters a mount namespace directly; other users, or root without the right, through a user namespace that
maps them onto themselves. A mount point that does not exist and cannot be created is made to appear: a small
file system in memory covers its parent, with everything the parent held bound back into it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_NOSUID = 2
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2


def bind_folders(bindings: list[list[str]]) -> None:
    """Enter a private mount namespace and bind each source on its target, in the given order.

    Raises:
        OSError: the machine does not allow it; says which step failed.
    """
    _enter_namespace()
    for source, target in bindings:
        if not os.path.isdir(target):
            _make_mount_point(target)
        _mount(source, target, None, MS_BIND | MS_REC)


def _enter_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", CLONE_NEWNS)
    except PermissionError:
        _call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _mount("none", "/", None, MS_REC | MS_PRIVATE)


def _make_mount_point(target: str) -> None:
    try:
        os.makedirs(target, exist_ok=True)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        _cover(os.path.dirname(target))
        os.mkdir(target)


def _cover(folder: str) -> None:
    """Put a writable layer over `folder` that shows the same entries."""
    aside = tempfile.mkdtemp(prefix="mwaa-harness-")
    _mount(folder, aside, None, MS_BIND | MS_REC)
    _mount("tmpfs", folder, "tmpfs", MS_NOSUID, "mode=0755,size=1m")
    for name in os.listdir(aside):
        original, shown = os.path.join(aside, name), os.path.join(folder, name)
        if os.path.islink(original):
            os.symlink(os.readlink(original), shown)
        else:
            if os.path.isdir(original):
                os.mkdir(shown)
            else:
                os.close(os.open(shown, os.O_CREAT | os.O_WRONLY, 0o644))
            _mount(original, shown, None, MS_BIND | MS_REC)
    _call("umount2", os.fsencode(aside), MNT_DETACH)
    os.rmdir(aside)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [None if part is None else os.fsencode(part) for part in (source, target, kind)]
    _call("mount", *encoded, flags, None if data is None else data.encode())


def _call(name: str, *arguments: bytes | int | None) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, name):
        raise OSError(errno.ENOSYS, f"this system has no {name}()")
    converted = [ctypes.c_ulong(part) if isinstance(part, int) else part for part in arguments]
    if getattr(library, name)(*converted) != 0:
        number = ctypes.get_errno()
        shown = b" ".join(part for part in arguments if isinstance(part, bytes)).decode(errors="replace")
        raise OSError(number, f"{name} {shown}".strip() + f": {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
