from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.process import Completed
from harness.workerenv.packager import explanation, network_hint, packager_environ

if TYPE_CHECKING:
    from pathlib import Path

NO_PIP = {"HOME": "/nonexistent", "PIP_CONFIG_FILE": "/dev/null"}


def test_secrets_of_the_shell_do_not_reach_builds() -> None:
    environ = {**NO_PIP, "PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "s", "GITHUB_TOKEN": "t", "PYTHONPATH": "x"}
    assert packager_environ(environ) == {"HOME": "/nonexistent", "PATH": "/bin"}


@pytest.mark.parametrize("name", ["UV_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_PYTHON", "UV_RESOLUTION"])
def test_settings_of_uv_that_change_what_is_installed_are_withheld(name: str) -> None:
    assert name not in packager_environ({**NO_PIP, name: "x"})


def test_certificates_proxies_and_indexes_are_passed() -> None:
    passed = {
        "SSL_CERT_FILE": "/ca.pem",
        "HTTPS_PROXY": "http://proxy:3128",
        "UV_DEFAULT_INDEX": "https://index/simple",
    }
    assert packager_environ({**NO_PIP, **passed}).items() >= passed.items()


def test_pip_variables_are_translated() -> None:
    environ = {
        **NO_PIP,
        "PIP_INDEX_URL": "https://index/simple",
        "PIP_EXTRA_INDEX_URL": "https://a/simple https://b/simple",
        "PIP_FIND_LINKS": "/wheels /more",
        "PIP_CERT": "/ca.pem",
        "PIP_TRUSTED_HOST": "index",
        "PIP_NO_INDEX": "false",
    }
    assert packager_environ(environ) == {
        "HOME": "/nonexistent",
        "UV_DEFAULT_INDEX": "https://index/simple",
        "UV_INDEX": "https://a/simple https://b/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_INSECURE_HOST": "index",
    }


def test_pip_s_configuration_file_is_read_and_variables_win_over_it(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.write_text("[global]\nindex-url = https://file/simple\n[install]\nno-index = true\n")
    environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(path)}
    assert packager_environ(environ)["UV_DEFAULT_INDEX"] == "https://file/simple"
    assert packager_environ(environ)["UV_NO_INDEX"] == "1"
    environ["PIP_INDEX_URL"] = "https://variable/simple"
    assert packager_environ(environ)["UV_DEFAULT_INDEX"] == "https://variable/simple"


def test_uv_s_own_index_wins_over_pip_s() -> None:
    environ = {**NO_PIP, "UV_DEFAULT_INDEX": "https://uv/simple", "PIP_EXTRA_INDEX_URL": "https://pip/simple"}
    translated = packager_environ(environ)
    assert translated["UV_DEFAULT_INDEX"] == "https://uv/simple"
    assert "UV_INDEX" not in translated


def test_uv_s_configuration_file_wins_over_pip_s_indexes(tmp_path: Path) -> None:
    (tmp_path / ".config" / "uv").mkdir(parents=True)
    (tmp_path / ".config" / "uv" / "uv.toml").touch()
    environ = {**NO_PIP, "HOME": str(tmp_path), "PIP_INDEX_URL": "https://pip/simple"}
    assert "UV_DEFAULT_INDEX" not in packager_environ(environ)


def test_an_explanation_shows_neither_progress_nor_credentials() -> None:
    stderr = (
        "Resolved 3 packages in 1s\n\nerror: failed to fetch https://me:secret@host/simple/x\n  cause: 404\n"
    )
    done = Completed(("uv",), 1, "", stderr)
    assert explanation(done) == ("error: failed to fetch https://****@host/simple/x", "  cause: 404")


def test_the_hint_tells_the_network_from_the_requirements() -> None:
    assert "certificate" in (network_hint("invalid peer certificate: UnknownIssuer") or "")
    assert "HTTPS_PROXY" in (network_hint("error: Failed to fetch: `https://…`") or "")
    assert network_hint("No solution found when resolving dependencies") is None
