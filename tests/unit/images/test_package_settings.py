from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError
from harness.images.package_settings import read_package_settings, write_secrets
from harness.process import check

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BARE = {"PIP_CONFIG_FILE": "/dev/null", "HOME": "/nonexistent"}
INDEX = "https://reader:pass'word@index.example/simple"


def exported(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables after the script has run in a shell."""
    folder.mkdir(exist_ok=True)
    write_secrets(read_package_settings({**BARE, **environ}), folder)
    printed = check(["env", "-i", "/bin/sh", "-c", f". {folder}/package-settings; /usr/bin/env"]).stdout
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


def test_index_of_pip_reaches_uv_and_pip(tmp_path: Path) -> None:
    found = exported({"PIP_INDEX_URL": INDEX}, tmp_path)
    assert found["UV_DEFAULT_INDEX"] == found["PIP_INDEX_URL"] == INDEX


def test_folders_of_this_machine_are_left_out_and_named(tmp_path: Path) -> None:
    environ = {"PIP_EXTRA_INDEX_URL": f"{INDEX} file:///srv/index", "PIP_FIND_LINKS": "/srv/wheels"}
    found = exported(environ, tmp_path)
    assert found["UV_INDEX"] == INDEX
    assert "UV_FIND_LINKS" not in found
    settings = read_package_settings({**BARE, **environ})
    assert settings.unreachable == ("/srv/wheels", "file:///srv/index")


def test_proxies_pass_in_both_spellings(tmp_path: Path) -> None:
    found = exported({"HTTPS_PROXY": "http://proxy.example:1", "no_proxy": "a.example"}, tmp_path)
    assert (found["HTTPS_PROXY"], found["no_proxy"]) == ("http://proxy.example:1", "a.example")


def test_certificates_are_a_secret_of_their_own(tmp_path: Path) -> None:
    bundle = tmp_path / "company.pem"
    bundle.write_text("certificate", encoding="utf-8")
    settings = read_package_settings({**BARE, "PIP_CERT": str(bundle)})
    assert "export SSL_CERT_FILE=/run/secrets/certificates\n" in settings.script
    assert f"id=certificates,src={bundle}" in write_secrets(settings, tmp_path)
    assert str(bundle) not in settings.script


def test_netrc_of_the_home_folder_is_passed(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine index.example login a password b\n", encoding="utf-8")
    settings = read_package_settings({**BARE, "HOME": str(tmp_path)})
    assert settings.netrc == tmp_path / ".netrc"
    assert "export NETRC=/run/secrets/netrc\n" in settings.script


def test_nothing_is_exported_where_nothing_is_set() -> None:
    assert read_package_settings(BARE).script == ""


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    write_secrets(read_package_settings(BARE), tmp_path)
    assert (tmp_path / "package-settings").stat().st_mode & 0o777 == 0o600


def test_missing_certificates_are_said_before_anything_is_built() -> None:
    with pytest.raises(UsageError, match="does not exist") as caught:
        read_package_settings({**BARE, "SSL_CERT_FILE": "/nonexistent/bundle.pem"})
    assert "SSL_CERT_FILE" in str(caught.value.hint)
