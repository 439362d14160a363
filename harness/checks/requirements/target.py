"""The platform that requirements are resolved for, and which wheels run on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

_FULL_VERSION = {"3.10": "3.10.9"}  # MWAA facts 11.1


@dataclass(frozen=True)
class Target:
    """A CPython series on x86-64 Linux with a glibc.

    Attributes:
        glibc_minor: 26 on Amazon Linux 2.
        uv_platform: uv's nearest name that is not newer than the real one.
    """

    python_series: str = "3.10"
    glibc_minor: int = 26
    uv_platform: str = "x86_64-manylinux_2_17"

    @property
    def python_version(self) -> str:
        return _FULL_VERSION.get(self.python_series, f"{self.python_series}.0")

    @property
    def marker_environment(self) -> dict[str, str]:
        """What environment markers are evaluated with."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python_version,
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "5.10",
            "platform_system": "Linux",
            "platform_version": "#1 SMP",
            "python_full_version": self.python_version,
            "python_version": self.python_series,
            "sys_platform": "linux",
            "extra": "",
        }

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """Every wheel tag that installs on the target."""
        major, minor = (int(part) for part in self.python_series.split("."))
        many = [f"manylinux_2_{glibc}_x86_64" for glibc in range(self.glibc_minor, 4, -1)]
        platforms = [
            *many,
            "manylinux2014_x86_64",
            "manylinux2010_x86_64",
            "manylinux1_x86_64",
            "linux_x86_64",
        ]
        interpreter = f"cp{major}{minor}"
        cpython = cpython_tags((major, minor), abis=[interpreter], platforms=platforms)
        return frozenset((*cpython, *compatible_tags((major, minor), interpreter, platforms)))

    def runs(self, wheel: str) -> bool:
        """Whether the wheel with this file name installs on the target."""
        try:
            return bool(self.tags & parse_wheel_filename(wheel)[3])
        except InvalidWheelFilename:
            return False


MWAA = Target()
