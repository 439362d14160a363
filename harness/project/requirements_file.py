"""Reading requirements.txt as pip on MWAA reads it: includes, constraints, options, each with its place.

Folders below /usr/local/airflow stand for the project's own, and the address of the release's official
constraints file for the copy that the harness carries.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name

from harness.errors import CollectedError, HarnessError, Location, UsageError
from harness.project.requirement_lines import Line, Option, parse_options, read_lines

_MWAA_HOME = "/usr/local/airflow"
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*($|[<>=!~;(].*$)", re.DOTALL)
_DIRECT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*@\s*(\S+)(.*)$", re.DOTALL)
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_PATH = re.compile(r"^([^;\[]+?)\s*(\[[^\]]*\])?\s*(;.*)?$", re.DOTALL)
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2")


@dataclass(frozen=True)
class RequirementsContext:
    """What the words of a requirements file stand for.

    Attributes:
        folders: folder on MWAA, without trailing slash, to the project's folder.
        carried: address of a constraints file to the copy of it that the harness carries.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)
    carried: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class RequirementLine:
    """One requirement as uv is to read it. `name` is normalized; None when only its build can tell."""

    text: str
    location: Location
    name: str | None = None


@dataclass(frozen=True)
class Requirements:
    """Everything that one requirements file, with what it includes, asks for.

    Attributes:
        lines: the requirements, in order.
        constraints: lines of the project's own constraints files.
        constraint_sources: carried files and remote addresses of further constraints.
        remote_files: addresses of included requirements files.
        options: every other option; paths are mapped.
        files: the local files that were read, the requirements file first.
        local_packages: files and folders of the project that packages are taken from.
    """

    lines: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    constraint_sources: tuple[str, ...] = ()
    remote_files: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    files: tuple[Path, ...] = ()
    local_packages: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be installed."""
        return not self.lines and not self.remote_files

    @property
    def is_constrained(self) -> bool:
        """Whether any constraint applies."""
        return bool(self.constraints or self.constraint_sources)


def read_requirements(path: Path, context: RequirementsContext) -> Requirements:
    """Read the requirements file `path`; a missing file asks for nothing.

    Raises:
        UsageError: a line cannot be understood, or an include is missing or goes in circles.
        CollectedError: several such errors.
    """
    if not path.exists():
        return Requirements()
    reader = _Reader(context)
    reader.read_requirements(path, ())
    if reader.errors:
        raise reader.errors[0] if len(reader.errors) == 1 else CollectedError(tuple(reader.errors))
    return Requirements(
        lines=tuple(reader.lines),
        constraints=tuple(reader.constraints),
        constraint_sources=tuple(reader.constraint_sources),
        remote_files=tuple(reader.remote_files),
        options=tuple(reader.options),
        files=tuple(dict.fromkeys(reader.files)),
        local_packages=tuple(dict.fromkeys(reader.local_packages)),
    )


class _Reader:
    """Collects what the files say; one bad line does not hide the next."""

    def __init__(self, context: RequirementsContext) -> None:
        self._context = context
        self.lines: list[RequirementLine] = []
        self.constraints: list[RequirementLine] = []
        self.constraint_sources: list[str] = []
        self.remote_files: list[str] = []
        self.options: list[Option] = []
        self.files: list[Path] = []
        self.local_packages: list[Path] = []
        self.errors: list[HarnessError] = []

    def read_requirements(self, path: Path, above: tuple[Path, ...]) -> None:
        for line in self._open(path):
            try:
                options = parse_options(line)
                if not options:
                    self.lines.append(self._requirement(line))
                for option in options:
                    self._requirements_option(option, (*above, path))
            except UsageError as error:
                self.errors.append(error)

    def _requirements_option(self, option: Option, above: tuple[Path, ...]) -> None:
        if option.name == "--requirement":
            if _is_remote(option.value):
                self.remote_files.append(option.value)
            elif (path := self._included(option, above)) is not None:
                self.read_requirements(path, above)
        elif option.name == "--constraint":
            self._constraint(option, above)
        elif option.name == "--editable":
            text = (
                option.value
                if _is_remote(option.value)
                else self._local_package(option.value, option.location)
            )
            self.lines.append(RequirementLine(f"-e {text}", option.location))
        elif option.name == "--find-links" and not _is_remote(option.value):
            folder = self._local_path(option.value, option.location)
            self.local_packages.append(folder)
            self.options.append(Option(option.name, str(folder), option.location))
        else:
            self.options.append(option)

    def _constraint(self, option: Option, above: tuple[Path, ...]) -> None:
        if carried := self._context.carried.get(option.value):
            self.constraint_sources.append(str(carried))
        elif _is_remote(option.value):
            self.constraint_sources.append(option.value)
        elif (path := self._included(option, above)) is not None:
            self._read_constraints(path, above)

    def _read_constraints(self, path: Path, above: tuple[Path, ...]) -> None:
        for line in self._open(path):
            try:
                options = parse_options(line)
                if not options:
                    self.constraints.append(self._requirement(line))
                for option in options:
                    if option.name in ("--constraint", "--requirement"):
                        self._constraint(option, (*above, path))
            except UsageError as error:
                self.errors.append(error)

    def _open(self, path: Path) -> tuple[Line, ...]:
        self.files.append(path)
        try:
            return read_lines(path)
        except UsageError as error:
            self.errors.append(error)
            return ()

    def _included(self, option: Option, above: tuple[Path, ...]) -> Path | None:
        path = self._local_path(option.value, option.location)
        if path in above:
            chain = " → ".join(str(p) for p in (*above[above.index(path) :], path))
            raise UsageError(f"{option.name} goes in circles: {chain}", location=option.location)
        if not path.is_file():
            raise UsageError(
                f"{option.name} names {option.value}, which does not exist",
                location=option.location,
                hint=f"looked for {path}",
            )
        return path

    def _requirement(self, line: Line) -> RequirementLine:
        text = line.text
        bare = re.split(r"\s--", text, maxsplit=1)[0].strip()
        if direct := _DIRECT.match(bare):
            name, extras, target, rest = direct.groups()
            if target.startswith("file:"):
                target = self._local_package(target, line.location)
            text = f"{name}{extras or ''} @ {target}{rest}"
            return RequirementLine(text, line.location, canonicalize_name(name))
        if _URL.match(bare) and not bare.startswith("file:"):
            return RequirementLine(text, line.location)
        if _looks_local(bare):
            return RequirementLine(self._local_requirement(bare, line.location), line.location)
        if matched := _REQUIREMENT.match(bare):
            return RequirementLine(text, line.location, canonicalize_name(matched.group(1)))
        raise UsageError(
            f"not a requirement: {text}",
            location=line.location,
            hint="write one package per line, e.g. `pandas==1.5.2`",
        )

    def _local_requirement(self, text: str, location: Location) -> str:
        matched = _PATH.match(text)
        path, extras, marker = matched.groups() if matched else (text, None, None)
        return f"{self._local_package(path, location)}{extras or ''}{' ' + marker if marker else ''}"

    def _local_package(self, text: str, location: Location) -> str:
        path = self._local_path(text, location)
        if not path.exists():
            raise UsageError(f"{text} does not exist", location=location, hint=f"looked for {path}")
        self.local_packages.append(path)
        return f"file://{quote(str(path))}"

    def _local_path(self, text: str, location: Location) -> Path:
        plain = unquote(text.removeprefix("file:").removeprefix("//")) if text.startswith("file:") else text
        for folder, target in self._context.folders.items():
            if plain == folder or plain.startswith(f"{folder}/"):
                return target / plain[len(folder) :].strip("/")
        if plain.startswith(f"{_MWAA_HOME}/"):
            known = ", ".join(self._context.folders)
            raise UsageError(
                f"{plain} is not a folder that the project has", location=location, hint=f"known: {known}"
            )
        return Path(os.path.normpath(location.path.parent / plain))


def _is_remote(text: str) -> bool:
    return bool(re.match(r"^[A-Za-z][A-Za-z0-9+.-]*://", text)) and not text.startswith("file:")


def _looks_local(text: str) -> bool:
    path = text.partition(";")[0].partition("[")[0].strip()
    return path.startswith((".", "/", "file:")) or path.endswith(_ARCHIVES) or "/" in path
