"""What plugins.zip would do: its layout, its names, and whether each component can load the plugins."""

from __future__ import annotations

import json
import re
import stat
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.checks.base import Rule
from harness.checks.sources import with_source
from harness.errors import HarnessError, Location
from harness.process import capture
from harness.project.excluded_files import TreeFile, walk_files
from harness.project.plugins_archive import PluginsArchiveError, unpack_plugins_archive
from harness.results import CheckResult, Finding, Severity, count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.dag_parser.session import Session

COMPONENTS = ("scheduler", "worker", "webserver")
_INSIDE = Path(__file__).parents[1] / "inside" / "load_plugins.py"
_SECONDS = 120
_ONE_GIB = 1 << 30
_BOMB_RATIO = 200
_E, _W = Severity.ERROR, Severity.WARNING

_TABLE = (
    Rule(
        "plugin-import-error",
        _E,
        "A plugin cannot be imported.",
        "The component starts without it: its operators, macros and views are missing, and one log line says so.",
        "repair the line that is named; plugins load before any DAG does",
        "import pandas  # not in requirements.txt",
        "# requirements.txt: pandas==1.5.2",
    ),
    Rule(
        "plugin-lacks-module",
        _E,
        "A function of the plugins imports a module that the environment does not have.",
        "The plugin loads and looks well; the task, macro or view that calls the function fails.",
        "add the package to requirements.txt",
        "def week_of(day): import isoweek",
        "# requirements.txt: isoweek==1.3.3",
    ),
    Rule(
        "plugin-name-clash",
        _W,
        "Two plugins have the same name.",
        "Their macros, views and links are registered under that name; the later one hides the earlier one.",
        "give each plugin a name of its own",
        'class A(AirflowPlugin): name = "company"',
        'class A(AirflowPlugin): name = "company_a"',
    ),
    Rule(
        "plugin-module-clash",
        _W,
        "A file in a folder of the plugins has the name of an installed module.",
        "Airflow loads every file of the plugins as a module of its bare name, in place of the installed one.",
        "give the file another name",
        "plugins/hooks/json.py",
        "plugins/hooks/company_json.py",
    ),
    Rule(
        "plugins-nested-folder",
        _E,
        "The archive holds the plugins folder instead of its contents.",
        "Everything ends up in /usr/local/airflow/plugins/plugins, where no import finds it.",
        "zip the contents of the folder: cd plugins && zip -r ../plugins.zip .",
        "plugins/plugins/operators/x.py",
        "plugins/operators/x.py",
    ),
    Rule(
        "plugin-module-hidden",
        _W,
        "A module of the plugins has the name of an installed one.",
        "The plugins folder comes last on the module path, so the installed module is imported instead.",
        "give the module another name",
        "plugins/requests.py",
        "plugins/company_requests.py",
    ),
    Rule(
        "plugins-too-large",
        _W,
        "The plugins are larger than MWAA recommends.",
        "MWAA asks for less than 1 GB; a larger archive can make the start of a component time out.",
        "leave out what the components do not need",
        "plugins/data.bin  # 2 GB",
        "plugins/operators/x.py",
    ),
    Rule(
        "plugins-unsafe-archive",
        _E,
        "An entry of the archive would be written outside of the plugins folder.",
        "Such an archive is refused.",
        "make the archive anew from the folder's contents",
        "../../etc/passwd",
        "operators/x.py",
    ),
    Rule(
        "plugins-bomb",
        _E,
        "The archive unpacks to far more than it should.",
        "Unpacking it fills the component's disk of 20 GB.",
        "make the archive anew from the folder's contents",
        "10 GB of zeroes in 10 MB",
        "operators/x.py",
    ),
)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in _TABLE}
"""Every rule of this check, by id."""


def check_plugins(session: Session, archive: Path | None = None) -> CheckResult:
    """The result for the project's plugins folder, or for an archive that somebody made."""
    started = time.monotonic()
    if archive is None:
        subject = Path(session.plugins_folder)
        findings, fact = _judge_folder(session, subject)
    else:
        subject = archive
        findings, fact = _judge_archive(session, archive)
    return CheckResult("plugins", (subject,), tuple(findings), (), (fact,), time.monotonic() - started)


def _judge_archive(session: Session, archive: Path) -> tuple[list[Finding], str]:
    """Its entries; if they may be unpacked, what a component would find, each at `plugins.zip/<entry>`."""
    refused = list(_archive_findings(archive))
    if refused:
        return refused, "not unpacked"
    with tempfile.TemporaryDirectory(prefix="mwaa-plugins-") as scratch:
        folder = Path(scratch).resolve()
        try:
            unpack_plugins_archive(archive, folder)
        except PluginsArchiveError as error:
            return [_finding("plugins-unsafe-archive", error.message, Location(archive))], "not unpacked"
        findings, fact = _judge_folder(replace(session, plugins_folder=str(folder)), folder)
    return [_moved(finding, folder, archive) for finding in findings], fact


def _moved(finding: Finding, folder: Path, archive: Path) -> Finding:
    """The finding about an unpacked file, as one about the entry of the archive."""
    place = finding.location
    if place is not None and place.path.is_relative_to(folder):
        place = replace(place, path=archive / place.path.relative_to(folder))
    message = finding.message.replace(f"{folder}/", "").replace(str(folder), archive.name)
    return replace(finding, location=place, message=message)


def _judge_folder(session: Session, folder: Path) -> tuple[list[Finding], str]:
    files = [file for file in walk_files(folder) if isinstance(file, TreeFile)]
    findings = [*_layout_findings(folder, files), *_hidden_modules(folder, files, session)]
    answers: dict[str, Mapping[str, Any]] = {}
    if any(file.relative.endswith(".py") for file in files):
        with tempfile.TemporaryDirectory(prefix="mwaa-plugins-") as no_dags, ThreadPoolExecutor(2) as pool:
            loaded = pool.map(lambda component: _load(session, component, no_dags), COMPONENTS)
            answers = dict(zip(COMPONENTS, loaded, strict=True))
    findings += _load_findings(answers)
    findings += _name_clashes(answers.get("scheduler", {}))
    findings += _late_imports(answers.get("worker", {}))
    names = sorted({plugin["name"] for answer in answers.values() for plugin in answer["plugins"]})
    fact = f"{count_of(len(files), 'file')}; plugins: {', '.join(names) or 'none'}"
    return with_source(findings), fact


def _load(session: Session, component: str, no_dags: str) -> dict[str, Any]:
    """Load them as `component` does: before any DAG is there."""
    variables = session.variables | {
        "AIRFLOW__CORE__DAGS_FOLDER": no_dags,
        "AIRFLOW__CORE__PLUGINS_FOLDER": session.plugins_folder,
        "MWAA_AIRFLOW_COMPONENT": component,
        "MWAA__AIRFLOW__COMPONENT": component,
    }
    done = capture([session.command[0], _INSIDE], env=variables, cwd=Path("/"), timeout=_SECONDS)
    if done.exit_status != 0:
        lines = tuple(done.stderr.splitlines()[-10:])
        raise HarnessError(f"loading the plugins as {component} ended the process", evidence=lines)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _load_findings(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """One finding per error, naming the components that have it."""
    components: dict[tuple[str, int, str], list[str]] = {}
    for component, answer in answers.items():
        for error in answer["errors"]:
            text = f"{error['type']}: {error['message']}"
            components.setdefault((error["file"], error["line"], text), []).append(component)
    for (file, line, text), names in components.items():
        message = f"{', '.join(names)} cannot load it: {text}"
        yield _finding("plugin-import-error", message, Location(Path(file), line))


def _name_clashes(answer: Mapping[str, Any]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for plugin in sorted(answer.get("plugins", ()), key=lambda plugin: str(plugin["file"])):
        first = seen.setdefault(plugin["name"], plugin["file"])
        if first != plugin["file"]:
            message = f"{Path(first).name} has a plugin called {plugin['name']!r}, too"
            yield _finding("plugin-name-clash", message, Location(Path(plugin["file"]), _class_line(plugin)))


def _class_line(plugin: Mapping[str, Any]) -> int:
    """The line that gives the plugin its name."""
    pattern = re.compile(rf"\s*name\s*=\s*[\"']{re.escape(plugin['name'])}[\"']")
    lines = Path(plugin["file"]).read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)


def _late_imports(answer: Mapping[str, Any]) -> Iterator[Finding]:
    for missing in answer.get("late_imports", ()):
        yield _finding(
            "plugin-lacks-module",
            f"{missing['function']} imports {missing['module']}, which the worker environment lacks",
            Location(Path(missing["file"]), missing["line"]),
        )


def _layout_findings(folder: Path, files: Sequence[TreeFile]) -> Iterator[Finding]:
    tops = {file.relative.partition("/")[0] for file in files}
    if tops == {"plugins"}:
        first = Location(folder / files[0].relative, 1)
        yield _finding("plugins-nested-folder", "everything is in plugins/ below it", first)
    size = sum(file.size for file in files)
    if size > _ONE_GIB:
        largest = max(files, key=lambda file: file.size)
        message = f"the files are {size / _ONE_GIB:.1f} GiB; this one is the largest"
        yield _finding("plugins-too-large", message, Location(folder / largest.relative))


def _hidden_modules(folder: Path, files: Sequence[TreeFile], session: Session) -> Iterator[Finding]:
    python = Path(session.command[0])
    installed = {
        path.name.removesuffix(".py")
        for packages in (python.parents[1] / "lib").glob("python3*/site-packages")
        for path in packages.iterdir()
        if path.is_dir() or path.suffix == ".py"
    }
    installed |= sys.stdlib_module_names
    for file in files:
        inner = PurePosixPath(file.relative)
        if inner.suffix == ".py" and len(inner.parts) > 1 and inner.stem in installed:
            message = (
                f"Airflow loads it as `{inner.stem}`: from then on `import {inner.stem}` finds this file"
            )
            yield _finding("plugin-module-clash", message, Location(folder / inner, 1))
    for top in sorted({file.relative.partition("/")[0] for file in files}):
        name = top.removesuffix(".py")
        if name in installed:
            path = folder / top
            place = Location(path, 1) if path.is_file() else Location(path)
            yield _finding("plugin-module-hidden", f"`import {name}` finds the installed module", place)


def _archive_findings(archive: Path) -> Iterator[Finding]:
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        yield _finding("plugins-unsafe-archive", f"it is no zip archive: {error}", Location(archive))
        return
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(entry.external_attr >> 16):
            yield _finding("plugins-unsafe-archive", f"the entry {entry.filename!r}", Location(archive))
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if unpacked > 2 * _ONE_GIB or (unpacked > _ONE_GIB // 10 and unpacked / packed > _BOMB_RATIO):
        yield _finding("plugins-bomb", f"{packed} bytes unpack to {unpacked}", Location(archive))
    tops = {PurePosixPath(entry.filename).parts[0] for entry in entries if entry.filename}
    if tops == {"plugins"}:
        yield _finding("plugins-nested-folder", "every entry is below plugins/", Location(archive))


def _finding(rule: str, message: str, location: Location) -> Finding:
    known = RULES[rule]
    return Finding(rule, known.severity, message, location, known.fix)
