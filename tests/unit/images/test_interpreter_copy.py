from __future__ import annotations

import sys
from pathlib import Path

from harness.images.interpreter_copy import copy_interpreter, needed_libraries
from harness.process import check
from harness.workerenv.interpreters import Interpreter

LISTING = """\
/opt/python/bin/python3.10:
\tlinux-vdso.so.1 (0x00007ffc)
\tlibffi.so.8 => /lib/x86_64-linux-gnu/libffi.so.8 (0x00007f01)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f02)
\tlibabsent.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f03)
"""


def test_libraries_are_those_beside_the_c_library() -> None:
    assert list(needed_libraries(LISTING)) == [("libffi.so.8", Path("/lib/x86_64-linux-gnu/libffi.so.8"))]


def test_copy_runs_where_it_is_put(tmp_path: Path) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    copy_interpreter(Interpreter(Path(sys.executable), version, "test"), tmp_path, {})
    program = tmp_path / "usr/local/bin/python3"
    said = check([program, "-I", "-c", "import ssl, sys; print(sys.prefix)"], env={}).stdout
    assert Path(said.strip()) == tmp_path / "usr/local"
    assert check([program, "-I", "-m", "pip", "--version"], env={}).stdout.startswith("pip ")
    assert not list(tmp_path.glob("usr/local/lib/python*/test"))
