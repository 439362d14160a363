from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["pytester"]

NOWHERE = "http://127.0.0.1:9/simple"


def _project(pytester: pytest.Pytester, text: str) -> None:
    pytester.makefile(".toml", mwaa="")
    folder = pytester.mkdir("requirements")
    (folder / "requirements.txt").write_text(text, "utf-8")


def test_the_requirements_are_one_more_test_and_errors_fail_it(pytester: pytest.Pytester) -> None:
    _project(pytester, "pandas=1.5.2\n")
    result = pytester.runpytest_subprocess("--mwaa-requirements")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*requirements.txt:1:7: a version is compared with ==*"])


def test_without_an_index_it_is_skipped_not_passed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", NOWHERE)
    monkeypatch.setenv("UV_CACHE_DIR", str(pytester.path / "cache"))
    _project(pytester, "pydash==5.1.2\n")
    pytester.runpytest_subprocess("--mwaa-requirements").assert_outcomes(skipped=1)


def test_without_the_option_nothing_is_added(pytester: pytest.Pytester) -> None:
    _project(pytester, "pandas=1.5.2\n")
    pytester.runpytest_subprocess().assert_outcomes()
