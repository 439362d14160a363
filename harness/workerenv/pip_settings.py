"""pip's settings in uv's words, so that a company's pip set-up (private index, certificates) works here."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS = ("global", "install")
_KEYS = ("index-url", "extra-index-url", "find-links", "no-index", "cert", "trusted-host")
_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX")
_FALSE = frozenset(("", "0", "false", "no", "off", "n", "f"))


def translate_pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables with which uv does what pip would do by `PIP_*` and its configuration files.

    Settings of uv's own win: where `environ` names an index for uv, or the user keeps a uv.toml, pip's
    indexes are left alone.
    """
    settings = _pip_settings(environ)
    translated: dict[str, str] = {}
    if certificate := settings.get("cert"):
        translated["SSL_CERT_FILE"] = str(Path(certificate).expanduser())
    if hosts := settings.get("trusted-host"):
        translated["UV_INSECURE_HOST"] = " ".join(hosts.split())
    if any(name in environ for name in _INDEX_VARIABLES) or _has_uv_configuration(environ):
        return translated
    if index := settings.get("index-url"):
        translated["UV_DEFAULT_INDEX"] = index
    if extra := settings.get("extra-index-url"):
        translated["UV_INDEX"] = " ".join(extra.split())
        # pip takes the best version of all indexes; uv would stop at the first that has the package.
        translated["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if links := settings.get("find-links"):
        translated["UV_FIND_LINKS"] = ",".join(links.split())
    if settings.get("no-index", "").lower() not in _FALSE:
        translated["UV_NO_INDEX"] = "1"
    return translated


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself reports its broken configuration; the harness does without
        for section in _SECTIONS:
            if parser.has_section(section):
                settings.update({k: v for k, v in parser.items(section) if k in _KEYS})
    for key in _KEYS:
        if value := environ.get(f"PIP_{key.upper().replace('-', '_')}"):
            settings[key] = value
    return settings


def configuration_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Every file, there or not, that says where packages come from."""
    return (*_pip_files(environ), *_uv_files(environ))


def _pip_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == "/dev/null":
        return ()
    home = Path(environ.get("HOME", "/"))
    configuration = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = (
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        home / "Library" / "Application Support" / "pip" / "pip.conf",
        configuration / "pip" / "pip.conf",
    )
    return (*files, Path(chosen)) if chosen else files


def _uv_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    chosen = environ.get("UV_CONFIG_FILE")
    home = Path(environ.get("HOME", "/"))
    configuration = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = (configuration / "uv" / "uv.toml", Path("/etc/uv/uv.toml"))
    return (*files, Path(chosen)) if chosen else files


def _has_uv_configuration(environ: Mapping[str, str]) -> bool:
    return "UV_CONFIG_FILE" in environ or any(path.is_file() for path in _uv_files(environ))
