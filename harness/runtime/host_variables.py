"""What may pass from the shell of the user into an environment: this list and nothing else."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSED_ON = frozenset(
    {
        "TZ",
        "LANG",
        "LANGUAGE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    }
)
HOST_CREDENTIALS_PREFIX = "MWAA_HARNESS_HOST_"

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)


def passed_on_variables(host: Mapping[str, str]) -> dict[str, str]:
    """Time zone, language, certificates and proxies of `host`; no proxy ever stands before loopback."""
    kept = {name: value for name, value in host.items() if name in PASSED_ON or name.startswith("LC_")}
    if any(name in kept for name in _PROXIES):
        exceptions = host.get("no_proxy") or host.get("NO_PROXY") or ""
        listed = [part.strip() for part in exceptions.split(",") if part.strip()]
        no_proxy = ",".join([*listed, *(part for part in _LOOPBACK if part not in listed)])
        kept |= {"NO_PROXY": no_proxy, "no_proxy": no_proxy}
    return kept


def host_credentials(host: Mapping[str, str]) -> dict[str, str]:
    """The user's own AWS credentials under names that only the redirection of AWS calls reads.

    The files below `~/.aws` are named by path, so that profiles work; they are not read here.
    """
    handed = {f"{HOST_CREDENTIALS_PREFIX}{name}": host[name] for name in _HOST_CREDENTIALS if host.get(name)}
    home = host.get("HOME")
    for name, file in (("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")):
        path = host.get(name) or (posixpath.join(home, ".aws", file) if home else None)
        if path:
            handed[f"{HOST_CREDENTIALS_PREFIX}{name}"] = path
    return handed
