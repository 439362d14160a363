"""uv, called: argument vectors are built in pure functions, its environment is a chosen few variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from harness.errors import HarnessError
from harness.process import Completed, capture
from harness.workerenv.pip_settings import translate_pip_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

# Builds of source distributions run other people's code: they get what compilers need and no secrets.
_PASSED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "NETRC", "TERM"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH"),
        *("MACOSX_DEPLOYMENT_TARGET", "SDKROOT"),
    )
)
_PASSED_PREFIXES = ("LC_", "XDG_", "UV_")
# Settings of uv's that would change what is installed, or where; the requirements alone decide that.
_WITHHELD = frozenset(
    (
        *("UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_BREAK_SYSTEM_PACKAGES", "UV_PROJECT", "UV_WORKING_DIR"),
        *("UV_PROJECT_ENVIRONMENT", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_BUILD_CONSTRAINT"),
        *("UV_RESOLUTION", "UV_PRERELEASE", "UV_EXCLUDE_NEWER", "UV_REQUIRE_HASHES", "UV_NO_DEPS"),
        *("UV_COMPILE_BYTECODE", "UV_VENV_SEED", "UV_VENV_CLEAR", "UV_TORCH_BACKEND", "UV_NO_BUILD"),
        *("UV_NO_BINARY", "UV_CUSTOM_COMPILE_COMMAND"),
    )
)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_NOISE = re.compile(
    r"^\s*(Using Python|Resolved|Prepared|Audited|Updated|Updating|Building|Built|Downloading|Downloaded"
    r"|Uninstalled|Installed)\s|^\s*$"
    r"|^(warning: Failed to hardlink|\s+If the cache and target|\s+If this is intentional)"
)


@dataclass(frozen=True)
class Packager:
    """uv with the environment it runs in."""

    program: Path
    environ: Mapping[str, str]

    def run(self, arguments: Sequence[str | Path], *, timeout: float | None = None) -> Completed:
        """Run uv with `arguments`, whatever its exit status.

        Raises:
            CommandError: uv could not be started, or ran longer than `timeout` seconds.
        """
        # The root folder holds no pyproject.toml or uv.toml whose settings uv would take.
        argv = [self.program, "--no-progress", "--color", "never", *arguments]
        return capture(argv, env=self.environ, cwd=Path("/"), timeout=timeout)

    def check(self, arguments: Sequence[str | Path], purpose: str) -> Completed:
        """As `run`, but a failure is an error that says `purpose` and carries uv's own words.

        Raises:
            HarnessError: uv failed.
        """
        done = self.run(arguments)
        if done.exit_status != 0:
            raise HarnessError(
                f"{purpose} failed", hint=network_hint(done.stderr), evidence=explanation(done)
            )
        return done


def find_packager(environ: Mapping[str, str], variables: Mapping[str, str] | None = None) -> Packager:
    """The uv of the harness's own environment; `variables` are added to what it may see."""
    try:
        program = Path(uv.find_uv_bin())
    except FileNotFoundError as error:
        raise HarnessError(
            f"uv, which builds the environments, is not beside the harness: {error}",
            hint="reinstall mwaa-harness; it depends on the package `uv`",
        ) from error
    return Packager(program, {**packager_environ(environ), **(variables or {})})


def packager_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that concern packaging, pip's settings translated to uv's."""
    passed = {
        name: value
        for name, value in environ.items()
        if (name in _PASSED or name.startswith(_PASSED_PREFIXES)) and name not in _WITHHELD
    }
    translated = translate_pip_settings(environ)
    return {**translated, **passed}


def explanation(done: Completed) -> tuple[str, ...]:
    """What uv said about its failure, without progress and without credentials."""
    lines = (line.rstrip() for line in (done.stderr or done.stdout).splitlines())
    return tuple(_CREDENTIALS.sub("****", line) for line in lines if not _NOISE.match(line))


def network_hint(stderr: str) -> str | None:
    """What to do when uv's words point at the network rather than at the requirements."""
    text = stderr.lower()
    if "certificate" in text or "unknownissuer" in text:
        return "set SSL_CERT_FILE (or PIP_CERT) to your company's certificate bundle"
    if "failed to fetch" in text or "error sending request" in text or "dns error" in text:
        return "the package index did not answer: check the network, HTTPS_PROXY and the index settings"
    if "no space left" in text:
        return "free space on this disk; `mwaa-harness env prune` removes unused environments"
    return None


def create_arguments(interpreter: Path, folder: Path) -> tuple[str | Path, ...]:
    """Create an empty environment that may be moved: it is built under one name and renamed."""
    return ("venv", "--quiet", "--relocatable", "--no-project", "--python", interpreter, folder)


def sync_arguments(python: Path, lock: Path) -> tuple[str | Path, ...]:
    """Install exactly what `lock` pins."""
    return ("pip", "sync", "--python", python, lock)


def consistency_arguments(python: Path) -> tuple[str | Path, ...]:
    """Ask whether every installed package finds the others it needs."""
    return ("pip", "check", "--python", python)
