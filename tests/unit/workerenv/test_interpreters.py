from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError
from harness.events import ignore_events
from harness.project.layout import StateFolder
from harness.workerenv.interpreter_cache import recall_interpreter
from harness.workerenv.interpreters import find_interpreter, find_interpreter_among

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELL = shutil.which("sh") or "/bin/sh"
# A series that no machine has, so that only what a test puts there can be found.
SERIES = "3.99"


def write_python(path: Path, *, version: str = "3.99.1", implementation: str = "CPython") -> Path:
    """A program that answers as an interpreter of `version` would."""
    return write_program(path, f"""echo '["{implementation}", "{version}", "'"$0"'"]'""")


def write_program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{SHELL}\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """No interpreter anywhere, and no download."""
    return {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(tmp_path / "home"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
        "UV_NO_CACHE": "1",
    }


def test_a_working_one_on_path_is_taken(tmp_path: Path, environ: Mapping[str, str]) -> None:
    path = write_python(tmp_path / "bin" / "python3.99")
    found = find_interpreter(SERIES, environ)
    assert (found.path, found.version, found.origin) == (path, "3.99.1", "PATH")


def test_a_pyenv_shim_that_fails_is_passed_over_for_what_pyenv_has(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    write_program(tmp_path / "bin" / "python3.99", "echo 'pyenv: command not found' >&2; exit 127")
    versions = tmp_path / "home" / ".pyenv" / "versions"
    for patch in ("9", "13", "2"):
        write_python(versions / f"3.99.{patch}" / "bin" / "python", version=f"3.99.{patch}")
    write_python(versions / "3.99-dev" / "bin" / "python", version="3.99.99")
    found = find_interpreter(SERIES, environ)
    assert (found.version, found.origin) == ("3.99.13", "pyenv")


def test_pyenv_may_live_elsewhere(tmp_path: Path, environ: Mapping[str, str]) -> None:
    path = write_python(tmp_path / "my pyenv" / "versions" / "3.99.1" / "bin" / "python")
    assert find_interpreter(SERIES, {**environ, "PYENV_ROOT": str(tmp_path / "my pyenv")}).path == path


def test_the_setting_wins(tmp_path: Path, environ: Mapping[str, str]) -> None:
    write_python(tmp_path / "bin" / "python3.99")
    path = write_python(tmp_path / "chosen" / "python")
    found = find_interpreter(SERIES, {**environ, "MWAA_HARNESS_PYTHON399": str(path)})
    assert (found.path, found.origin) == (path, "MWAA_HARNESS_PYTHON399")


def test_a_setting_that_names_another_series_is_an_error(tmp_path: Path, environ: Mapping[str, str]) -> None:
    path = write_python(tmp_path / "python", version="3.98.1")
    with pytest.raises(UsageError, match=r"MWAA_HARNESS_PYTHON399 names .*: it is CPython 3\.98\.1"):
        find_interpreter(SERIES, {**environ, "MWAA_HARNESS_PYTHON399": str(path)})


def test_pypy_is_not_taken(tmp_path: Path, environ: Mapping[str, str]) -> None:
    path = write_python(tmp_path / "bin" / "python3.99", implementation="PyPy")
    with pytest.raises(UsageError) as caught:
        find_interpreter(SERIES, environ)
    assert f"{path}: it is PyPy 3.99.1" in caught.value.evidence


def test_finding_none_says_what_to_install_and_what_was_tried(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    shim = write_program(tmp_path / "bin" / "python3.99", "echo 'no such version' >&2; exit 127")
    with pytest.raises(UsageError, match=r"no CPython 3\.99 was found") as caught:
        find_interpreter(SERIES, environ)
    assert "pyenv install 3.99" in (caught.value.hint or "")
    assert "apt-get install python3.99" in (caught.value.hint or "")
    assert f"{shim}: no such version" in caught.value.evidence


def test_of_several_series_a_present_one_is_better_than_a_download(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    write_python(tmp_path / "bin" / "python3.99")
    assert find_interpreter_among(("3.98", SERIES), environ).version == "3.99.1"


def test_a_found_one_is_remembered_until_it_changes(tmp_path: Path, environ: Mapping[str, str]) -> None:
    state = StateFolder(tmp_path / ".mwaa")
    path = write_python(tmp_path / "bin" / "python3.99")
    first = recall_interpreter((SERIES,), state, environ, ignore_events)
    assert recall_interpreter((SERIES,), state, environ, ignore_events) == first
    path.unlink()
    write_python(path, version="3.99.20")
    assert recall_interpreter((SERIES,), state, environ, ignore_events).version == "3.99.20"


def test_a_damaged_memory_is_searched_anew(tmp_path: Path, environ: Mapping[str, str]) -> None:
    state = StateFolder(tmp_path / ".mwaa")
    write_python(tmp_path / "bin" / "python3.99")
    found = recall_interpreter((SERIES,), state, environ, ignore_events)
    for record in (state.cache / "interpreters").iterdir():
        record.write_text("{")
    assert recall_interpreter((SERIES,), state, environ, ignore_events) == found


def test_the_harness_s_own_interpreter_serves_its_series(environ: Mapping[str, str]) -> None:
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert Path(find_interpreter(series, environ).path).exists()
