"""Runs while an image is built: installs requirements, by the code that builds native environments.

`python -m harness.images.bake FOLDER ENVIRONMENT HOME`: the project's files are in FOLDER, the worker
environment is ENVIRONMENT; the requirements file is left in HOME, where MWAA has it. A failure is one line of
JSON on standard error, which the process that asked for the image turns back into the error.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.model import LocalSettings
from harness.errors import HarnessError
from harness.events import ignore_events
from harness.images.baking_failure import failure_line
from harness.images.project_record import read_record
from harness.images.recompiling import compile_changed
from harness.project.layout import locate_project
from harness.project.requirements_file import read_requirements
from harness.workerenv.interpreters import Interpreter
from harness.workerenv.matrix import support_row
from harness.workerenv.packager import find_packager
from harness.workerenv.verify import describe
from harness.workerenv.worker import install_and_judge
from harness.workerenv.worker_content import WorkerContent, requirements_context

if TYPE_CHECKING:
    from collections.abc import Mapping

STAMP = "requirements.sha256"
"""In the environment's folder: SHA-256 of the requirements file that is installed."""


def bake(folder: Path, environment: Path, home: Path, environ: Mapping[str, str]) -> None:
    """Install what the project in `folder` requires into `environment`.

    Raises:
        HarnessError: it cannot be installed, or breaks what is there.
    """
    record = read_record(folder)
    row = support_row(record.airflow_version)
    project = locate_project(
        folder,
        LocalSettings(
            dags_folder=record.dags_folder,
            plugins_folder=record.plugins_folder,
            requirements_file=record.requirements_file,
        ),
    )
    # What requirements may refer to as variables is in this process's environment: it came as a secret.
    packager = find_packager(environ, {name: environ[name] for name in record.variables if name in environ})
    installed = describe(environment / "bin" / "python", packager.environ)
    content = WorkerContent(
        row=row,
        interpreter=Interpreter(environment / "bin" / "python", installed.python, "image"),
        requirements_file=project.requirements_file,
        requirements=read_requirements(project.requirements_file, requirements_context(project, row)),
        options={},
    )
    marker = environment / ".installing"
    marker.touch()
    since = marker.stat().st_mtime_ns
    marker.unlink()
    install_and_judge(content, environment, packager, installed.packages, ignore_events)
    compile_changed(environment, since, packager.environ)
    shutil.copyfile(project.requirements_file, home / "requirements" / "requirements.txt")
    digest = hashlib.sha256(project.requirements_file.read_bytes()).hexdigest()
    (environment / STAMP).write_text(f"{digest}\n", encoding="ascii")


def main() -> int:
    """Bake as the arguments say; exit status 0, or 1 with the failure on standard error."""
    folder, environment, home = (Path(word) for word in sys.argv[1:])
    try:
        bake(folder, environment, home, os.environ)
    except HarnessError as error:
        sys.stderr.write(failure_line(error, folder))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
