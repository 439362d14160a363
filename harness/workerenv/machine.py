"""Naming the kind of machine that binary packages are chosen for."""

from __future__ import annotations

import platform
import sys


def machine_name() -> str:
    """System, architecture and C library, e.g. "linux x86_64 glibc 2.36"."""
    return " ".join((sys.platform, platform.machine(), *platform.libc_ver())).strip()
