"""Whatever the file holds: no exception, bounded time, nothing outside of the project, no secret repeated."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.checks.requirements.check import Request, check_requirements
from harness.report.formats import FORMATS, find_reporter

if TYPE_CHECKING:
    from harness.results import CheckResult

SECRET = "hunter2-secret"

_WORDS = st.sampled_from(
    [
        *(
            "pandas",
            "Requests",
            "apache-airflow",
            "zope.interface",
            "a",
            "-",
            "_",
            "é",
            "\x00",
            "\u2028",
            "\ufeff",
        ),
        *(
            "==",
            ">=",
            "~=",
            "!=",
            "<",
            "===",
            "=",
            "@",
            ";",
            ",",
            "[",
            "]",
            "[x,y]",
            "(",
            ")",
            "\\",
            "#",
            " #",
        ),
        *(
            "1.0",
            "2.*",
            "1!2.0",
            "1.0.dev1",
            "9" * 40,
            "${HOME}",
            "'",
            '"',
            "\\\n",
            "\r\n",
            "\n",
            "\r",
            "\t",
            " ",
        ),
        *(
            "-r",
            "-c",
            "-e",
            "-i",
            "-f",
            "--hash=sha256:ab",
            "--hash",
            "--pre",
            "--no-index",
            "--constraint",
            "--",
        ),
        *(
            "requirements.txt",
            "../../../etc/passwd",
            "/etc/passwd",
            "file:///etc/passwd",
            "/proc/self/environ",
        ),
        *(
            "/usr/local/airflow/dags/x.txt",
            "/usr/local/airflow/plugins",
            "./x",
            "x.whl",
            "~",
            "x-1-py3-none-any.whl",
        ),
        *("git+https://example.com/x", "https://example.com/x.whl", "https://example.com/x.tar.gz"),
        *(f"https://user:{SECRET}@example.com/simple", f"https://{SECRET}@example.com/", "python_version"),
        *("sys_platform == 'win32'", 'extra == "x"', "python_version < '3'", "$(touch /tmp/x)", "`id`"),
        "https://raw.githubusercontent.com/apache/airflow/constraints-2.5.1/constraints-3.10.txt",
    ]
)
_TEXTS = st.one_of(
    st.lists(_WORDS, max_size=24).map(" ".join),
    st.lists(_WORDS, max_size=24).map("".join),
    st.text(max_size=120),
).map(lambda text: text.encode("utf-8", "surrogatepass"))
_FILES = st.one_of(_TEXTS, st.binary(max_size=80), _TEXTS.map(lambda data: b"\xff\xfe" + data))


def _check(data: bytes, root: Path) -> CheckResult:
    file = root / "requirements.txt"
    file.write_bytes(data)
    request = Request(
        file=file,
        root=root,
        dags_folder=root / "dags",
        plugins_folder=root / "plugins",
        airflow_version="2.5.1",
        cache=root / "cache",
        packager=None,
    )
    checked = check_requirements(request)
    carried = request.surroundings.carried
    assert all(path.is_relative_to(root) or path == carried for path in checked.document.texts)
    return checked.result


@pytest.mark.slow
@settings(max_examples=2500, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(_FILES)
def test_any_file_gets_a_verdict_in_every_format(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        result = _check(data, root)
        for name in FORMATS:
            said = find_reporter(name)((result,), root, {})
            assert SECRET not in said
            assert "root:x:0" not in said


def test_a_password_with_awkward_characters_is_never_repeated(tmp_path: Path) -> None:
    lines = [
        f"--index-url https://user:p@{SECRET}@example.com/simple",
        f"--extra-index-url=https://user:a/{SECRET}@example.com/simple --nonsense",
        f"x @ git+https://{SECRET}@example.com/x.git",
        f"pandas @@ https://user:{SECRET}@example.com/x.whl",
    ]
    result = _check("\n".join(lines).encode(), tmp_path)
    assert result.findings
    assert all(SECRET not in find_reporter(name)((result,), tmp_path, {}) for name in FORMATS)
