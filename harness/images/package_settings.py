"""This machine's way to packages (index, certificates, proxies) as secrets of a build.

A BuildKit secret is a file that exists while one RUN line runs. It is in no layer, no image history and no
build cache, so an index address with a password may pass through it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.workerenv.packager import packager_environ

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTINGS = "package-settings"
CERTIFICATES = "certificates"
NETRC = "netrc"
_MOUNTED = "/run/secrets"

_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_INDEX = re.compile(
    r"^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INSECURE_HOST"
    r"|INDEX_STRATEGY|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD))$"
)
_TO_PIP = {
    "UV_DEFAULT_INDEX": "PIP_INDEX_URL",
    "UV_INDEX_URL": "PIP_INDEX_URL",
    "UV_INDEX": "PIP_EXTRA_INDEX_URL",
    "UV_EXTRA_INDEX_URL": "PIP_EXTRA_INDEX_URL",
}


_OF_PLACES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")


@dataclass(frozen=True)
class PackageSettings:
    """What a build is told.

    Attributes:
        script: lines of shell that export the variables.
        certificates: the bundle of certificates to trust, on this machine.
        netrc: the file of passwords for indexes, on this machine.
        unreachable: settings that name folders of this machine, which a build cannot see.
    """

    script: str
    certificates: Path | None = None
    netrc: Path | None = None
    unreachable: tuple[str, ...] = ()


def read_package_settings(
    environ: Mapping[str, str], variables: Mapping[str, str] | None = None
) -> PackageSettings:
    """The settings that uv and pip have on this machine; `variables` are exported besides.

    Raises:
        UsageError: a file that they name does not exist.
    """
    known = packager_environ(environ)
    certificates = next((known[name] for name in _CERTIFICATE_VARIABLES if known.get(name)), None)
    exported = {name: value for name, value in known.items() if _INDEX.match(name)}
    folders = [
        place for name, value in exported.items() for place in _places(name, value) if _is_folder(place)
    ]
    exported = {name: kept for name, value in exported.items() if (kept := _without_folders(name, value))}
    exported |= {_TO_PIP[name]: value for name, value in exported.items() if name in _TO_PIP}
    for name in _PROXIES:
        for spelling in (name, name.lower()):
            if value := environ.get(spelling):
                exported[spelling] = value
    if certificates is not None:
        exported |= dict.fromkeys(_CERTIFICATE_VARIABLES, f"{_MOUNTED}/{CERTIFICATES}")
    netrc = known.get("NETRC") or _home_netrc(environ)
    if netrc:
        exported["NETRC"] = f"{_MOUNTED}/{NETRC}"
    exported |= variables or {}
    return PackageSettings(
        script="".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(exported.items())),
        certificates=_existing(certificates, "certificates"),
        netrc=_existing(netrc, "passwords"),
        unreachable=tuple(sorted(folders)),
    )


def write_secrets(settings: PackageSettings, folder: Path) -> tuple[str, ...]:
    """Write what has no file yet into the private `folder`; the arguments that give a build its secrets."""
    script = folder / SETTINGS
    script.touch(mode=0o600)
    script.write_text(settings.script, encoding="utf-8")
    return tuple(_arguments(script, settings))


def _arguments(script: Path, settings: PackageSettings) -> Iterator[str]:
    for name, path in ((SETTINGS, script), (CERTIFICATES, settings.certificates), (NETRC, settings.netrc)):
        if path is not None:
            yield from ("--secret", f"id={name},src={path}")


def _places(name: str, value: str) -> list[str]:
    return [place for place in re.split(r"[\s,]+", value) if place] if name in _OF_PLACES else []


def _is_folder(place: str) -> bool:
    return "://" not in place or place.startswith("file:") or "=file:" in place


def _without_folders(name: str, value: str) -> str:
    if name not in _OF_PLACES:
        return value
    separator = "," if name == "UV_FIND_LINKS" else " "
    return separator.join(place for place in _places(name, value) if not _is_folder(place))


def _home_netrc(environ: Mapping[str, str]) -> str | None:
    path = Path(environ.get("HOME", "/")) / ".netrc"
    return str(path) if path.is_file() else None


def _existing(text: str | None, purpose: str) -> Path | None:
    if text is None:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise UsageError(
            f"the file of {purpose} for packages, {path}, does not exist",
            hint="the setting that names it is SSL_CERT_FILE, PIP_CERT or cert in pip.conf; passwords: NETRC",
        )
    return path
