"""Resolve requirements on top of the base set as pip on MWAA would, with uv, without building anything.

What is installed and satisfies stays: the base set is given to uv as an existing lock, whose versions it
prefers. Source distributions are never built, because building runs their code; where a release has no
wheel, its metadata is read statically and handed to uv (`dependency-metadata`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import tomli

from harness.checks.requirements.base_set import InstalledPackage
from harness.checks.requirements.release_metadata import KnownRelease, ReleaseMetadata
from harness.checks.requirements.target import Target
from harness.process import CommandError
from harness.workerenv.packager import explanation, network_hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.workerenv.packager import Packager

_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_NO_INDEX")
# PyPI's own words; some mirrors leave them out, and then every file is asked for again.
_PYPI = """
[[index]]
name = "pypi"
url = "https://pypi.org/simple"
default = true
cache-control = { api = "max-age=600", files = "max-age=31536000, immutable" }
"""
_SECONDS = 60.0
_WITHOUT_WHEEL = re.compile(r"Wheels are required for `([A-Za-z0-9][\w.-]*)`")


@dataclass(frozen=True)
class Inputs:
    """What is resolved.

    Attributes:
        requirements: the user's lines, as pip would read them, without options.
        constraints: constraint lines.
        base: the base set.
        carried: what releases that are not in the base set need, as far as that is known beforehand.
        built: static metadata of releases without a wheel: name to version to metadata.
        read: likewise of releases with a wheel that were read already; uv need not ask about them.
        variables: uv's variables that follow from the file's own options (indexes).
        exclude_newer: resolve as of this date, or empty.
        prerelease: uv's mode for pre-releases.
        preference: which versions of the user's own packages uv tries first.
        seconds: how long uv may take.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    base: Mapping[str, InstalledPackage]
    target: Target
    carried: Mapping[str, KnownRelease] = field(default_factory=dict)
    built: Mapping[str, Mapping[str, ReleaseMetadata]] = field(default_factory=dict)
    read: Mapping[str, Mapping[str, ReleaseMetadata]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    exclude_newer: str = ""
    prerelease: str = "if-necessary"
    preference: str = "highest"
    seconds: float = _SECONDS


@dataclass(frozen=True)
class ResolvedFile:
    """A file that the index offers for a resolved package."""

    name: str
    url: str
    size: int
    upload_time: str
    sha256: str


@dataclass(frozen=True)
class ResolvedPackage:
    """One package of the answer."""

    name: str
    version: str
    wheels: tuple[ResolvedFile, ...] = ()
    sdist: ResolvedFile | None = None


@dataclass(frozen=True)
class Resolved:
    """A set of versions that satisfies every line. `is_offline`: known from the cache alone."""

    packages: Mapping[str, ResolvedPackage]
    is_offline: bool = False


@dataclass(frozen=True)
class Unresolvable:
    """There is none; `words` are the resolver's, without credentials."""

    words: tuple[str, ...]
    is_offline: bool = False

    @property
    def without_wheel(self) -> frozenset[str]:
        """Packages of which it gave up releases because they have no wheel.

        uv has no machine-readable form of a failure. Were its wording to change, a release without a wheel
        deep in a chain would be reported as a conflict, with uv's own words below.
        """
        return frozenset(_WITHOUT_WHEEL.findall(" ".join(self.words)))


@dataclass(frozen=True)
class Unreachable:
    """The index did not answer, and the cache does not suffice."""

    why: str


Answer = Resolved | Unresolvable | Unreachable
Resolver = Callable[["Packager", Inputs], tuple[Answer, Inputs]]
"""Gives the answer, and the inputs that it answers."""


_LOCKED = ("--format", "pylock.toml", "--output-file", "pylock.toml")
ANNOTATED = ("--format", "requirements.txt", "--no-header", "--annotation-style", "line")
"""One line per package that says which packages need it."""


def compile_arguments(
    folder: Path, inputs: Inputs, output: tuple[str, ...] = _LOCKED
) -> tuple[str | Path, ...]:
    """The arguments with which uv resolves what `write_inputs` put into `folder`."""
    built = sorted({name for name, package in inputs.base.items() if package.is_built} | set(inputs.built))
    newer = ("--exclude-newer", inputs.exclude_newer) if inputs.exclude_newer else ()
    # A plain list of indexes in pip means: the best version of all of them.
    strategy = ("--index-strategy", "unsafe-best-match") if "UV_INDEX" in inputs.variables else ()
    return (
        *("pip", "compile", "--directory", folder, "--config-file", folder / "uv.toml"),
        *("requirements.in", "--constraints", "constraints.in"),
        *(*output, "--quiet", "--no-sources"),
        *(
            "--python",
            sys.executable,
            "--no-python-downloads",
            "--python-version",
            inputs.target.python_version,
        ),
        *("--python-platform", inputs.target.uv_platform, "--only-binary", ":all:"),
        *(part for name in built for part in ("--no-binary", name)),
        *("--prerelease", inputs.prerelease, "--resolution", inputs.preference),
        *newer,
        *strategy,
    )


def write_inputs(folder: Path, inputs: Inputs, configuration: str) -> None:
    """Write requirements, constraints, base set and uv's `configuration` (TOML) into `folder`."""
    _write(folder / "requirements.in", inputs.requirements)
    _write(folder / "constraints.in", inputs.constraints)
    packages = (
        f'[[packages]]\nname = "{name}"\nversion = "{package.version}"\n'
        for name, package in inputs.base.items()
    )
    _write(folder / "pylock.toml", ('lock-version = "1.0"\ncreated-by = "mwaa-harness"\n', *packages))
    metadata: list[str] = []
    for name, package in inputs.base.items():
        if not package.is_built:
            metadata.append(_carried(name, package))
        elif name not in inputs.built:
            metadata += _metadata(name, {package.version: package.requires})
    known = {**inputs.carried, **inputs.base}
    for name, versions in inputs.read.items():
        fresh = {v: found for v, found in versions.items() if name not in known or known[name].version != v}
        metadata += [_carried(name, each) for each in _known_releases(fresh)]
    metadata += [_carried(name, each) for name, each in inputs.carried.items() if name not in inputs.built]
    for name, versions in inputs.built.items():
        metadata += _metadata(
            name, {version: [str(r) for r in found.requirements] for version, found in versions.items()}
        )
    _write(folder / "uv.toml", (configuration, *metadata))


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _carried(name: str, package: KnownRelease) -> str:
    """What the harness knows of a release, which saves uv asking; of others uv asks."""
    return (
        f'[[dependency-metadata]]\nname = "{name}"\nversion = "{package.version}"\n'
        f"requires-dist = {json.dumps([*package.requires, *package.optional])}\n"
        f"provides-extra = {json.dumps(package.extras)}"
    )


def _known_releases(versions: Mapping[str, ReleaseMetadata]) -> Iterator[KnownRelease]:
    """Those of which every requirement can be parsed; of the others uv makes what it can."""
    for version, found in versions.items():
        requirements = tuple(str(requirement) for requirement in found.requirements)
        if len(requirements) == len(found.requires):
            yield KnownRelease(version=version, requires=requirements, extras=found.extras)


def _metadata(name: str, versions: Mapping[str, Sequence[str]]) -> list[str]:
    """Static metadata for each version; the last entry, without one, keeps uv from building any other."""
    tables = [
        f'[[dependency-metadata]]\nname = "{name}"\nversion = "{version}"\n'
        f"requires-dist = {json.dumps(list(requires))}"
        for version, requires in versions.items()
    ]
    first = next(iter(versions.values()), ())
    return [*tables, f'[[dependency-metadata]]\nname = "{name}"\nrequires-dist = {json.dumps(list(first))}']


def resolve(packager: Packager, inputs: Inputs) -> Answer:
    """Ask uv; when the index does not answer, ask its cache."""
    answer = _ask(packager, inputs, ())
    if isinstance(answer, Unreachable):
        offline = _ask(packager, inputs, ("--offline",))
        if isinstance(offline, Resolved):
            return Resolved(offline.packages, is_offline=True)
    return answer


def resolve_everything(packager: Packager, inputs: Inputs) -> tuple[Answer, Inputs]:
    """The answer with every package that belongs to it, and what was asked."""
    return resolve(packager, inputs), inputs


def resolve_around_base(packager: Packager, inputs: Inputs) -> tuple[Answer, Inputs]:
    """The answer, without packages of the base set that nobody asks about, and what was asked.

    The base set fits together. As long as each of its packages stays as it is, what they need is no question,
    and a hundred pages of the index need not be read. When one would be replaced, everything is resolved.
    """
    asked = _settle_base(inputs)
    answer = resolve(packager, asked)
    if isinstance(answer, Resolved) and _keeps(inputs.base, answer):
        return answer, asked
    return (answer, inputs) if isinstance(answer, Unreachable) else resolve_everything(packager, inputs)


def resolve_briefly(packager: Packager, inputs: Inputs) -> Answer:
    """The answer, without packages of the base set that nobody asks about.

    What does not resolve while the base set needs nothing does not resolve when it does.
    """
    answer = resolve(packager, _settle_base(inputs))
    is_whole = not isinstance(answer, Resolved) or _keeps(inputs.base, answer)
    return answer if is_whole else resolve(packager, inputs)


def _settle_base(inputs: Inputs) -> Inputs:
    """The same question, with a base set that needs nothing."""
    settled = {name: replace(package, requires=()) for name, package in inputs.base.items()}
    return replace(inputs, base=settled)


def _keeps(base: Mapping[str, InstalledPackage], answer: Resolved) -> bool:
    """Whether no package of the base set is replaced."""
    return all(
        name not in base or package.version == base[name].version for name, package in answer.packages.items()
    )


def compile_lines(packager: Packager, inputs: Inputs, output: tuple[str, ...]) -> Sequence[str]:
    """What uv writes to standard output; nothing when it does not resolve."""
    environ = {**packager.environ, **inputs.variables}
    with TemporaryDirectory(prefix="mwaa-requirements-") as name:
        folder = Path(name)
        write_inputs(folder, inputs, user_configuration(environ))
        runner = type(packager)(packager.program, environ)
        try:
            done = runner.run(compile_arguments(folder, inputs, output), timeout=_SECONDS)
        except CommandError:
            return ()
    return done.stdout.splitlines() if done.exit_status == 0 else ()


def _ask(packager: Packager, inputs: Inputs, extra: tuple[str, ...]) -> Answer:
    environ = {**packager.environ, **inputs.variables}
    environ.setdefault("UV_HTTP_RETRIES", "1")
    with TemporaryDirectory(prefix="mwaa-requirements-") as name:
        folder = Path(name)
        write_inputs(folder, inputs, user_configuration(environ))
        runner = type(packager)(packager.program, environ)
        try:
            done = runner.run((*compile_arguments(folder, inputs), *extra), timeout=inputs.seconds)
        except CommandError as error:
            return Unreachable(f"no answer in time: {error.message}")
        if done.exit_status == 0:
            return Resolved(parse_pylock((folder / "pylock.toml").read_text(encoding="utf-8")))
    if (hint := network_hint(done.stderr)) is not None:
        return Unreachable(hint)
    return Unresolvable(explanation(done), is_offline=bool(extra))


def user_configuration(environ: Mapping[str, str]) -> str:
    """The user's uv.toml; without one and without an index in `environ`, PyPI with PyPI's own cache rules."""
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    chosen = environ.get("UV_CONFIG_FILE")
    files = (Path(chosen),) if chosen else (home / "uv" / "uv.toml", Path("/etc/uv/uv.toml"))
    for file in files:
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return "" if any(name in environ for name in _INDEX_VARIABLES) else _PYPI


def parse_pylock(text: str) -> Mapping[str, ResolvedPackage]:
    """The packages of a pylock.toml (PEP 751)."""
    return {
        package["name"]: ResolvedPackage(
            package["name"],
            str(package.get("version", "")),
            tuple(_file(wheel) for wheel in (*package.get("wheels", ()), *_archive(package))),
            _file(package["sdist"]) if "sdist" in package else None,
        )
        for package in tomli.loads(text).get("packages", ())
    }


def _archive(package: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return (package["archive"],) if "archive" in package else ()


def _file(table: Mapping[str, Any]) -> ResolvedFile:
    url = str(table.get("url") or table.get("path") or "")
    uploaded = table.get("upload-time")
    return ResolvedFile(
        name=str(table.get("name") or url.partition("#")[0].rpartition("/")[2]),
        url=url,
        size=int(table.get("size") or 0),
        upload_time=uploaded.isoformat() if uploaded is not None else "",
        sha256=str(table.get("hashes", {}).get("sha256", "")),
    )
