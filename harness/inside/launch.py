"""Prepare a process of an environment and become it: `python -I launch.py SPEC.json [-- ARGUMENT...]`.

Standard library only, Python 3.10 or newer. The process that runs at the end is this one (`execve`), so
signals reach it and nothing waits behind. The spec is a JSON object; only the first three keys are required:

    name               "scheduler-1": prefixes what the launcher itself says
    command            program and arguments; the ARGUMENTs of the command line follow them
    environment        the whole environment, weakest layer: MWAA's defaults; nothing is inherited
    options            variables of the user's configuration options; they replace `environment`
    protected          variables nobody replaces
    reserved           names a startup script cannot export (those of `protected` never can)
    bindings           [[source, target], ...]: folders to bind in a mount namespace of this process's own
    files              [[source, target], ...]: files to copy, after the bindings
    directory          working directory, as the process sees it
    startup_script     path of startup.sh as the process sees it; it need not exist; null runs none
    startup_seconds    time limit of the startup script; 300 when absent

`python -I launch.py --probe TARGET` tries whether a folder can be bound on TARGET, answers
`{"works": bool, "reason": str}` and starts nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from types import ModuleType


def main(arguments: list[str]) -> int:
    """Run the launcher; returns an exit status only when it cannot become the process."""
    if arguments[:1] == ["--probe"] and arguments[1:]:
        return probe(arguments[1])
    if not arguments or (len(arguments) > 1 and arguments[1] != "--"):
        sys.stderr.write("usage: launch.py SPEC.json [-- ARGUMENT...] | launch.py --probe TARGET\n")
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        spec = json.load(file)
    try:
        launch(spec, arguments[2:])
    except OSError as error:
        sys.stderr.write(f"{spec['name']}: cannot be started: {error}\n")
        return 126


def launch(spec: dict[str, Any], extra: list[str]) -> NoReturn:
    """Do what `spec` says and become its command."""
    if spec.get("bindings"):
        _sibling("private_mounts").bind_folders(spec["bindings"])
    for source, target in spec.get("files", ()):
        copy_file(source, target)
    if spec.get("directory"):
        os.chdir(spec["directory"])
    options, protected = spec.get("options", {}), spec.get("protected", {})
    environment = {**spec["environment"], **options, **protected}
    if spec.get("startup_script"):
        exports = _sibling("startup_script").run(spec, environment)
        environment = {**spec["environment"], **exports, **options, **protected}
    command = [*spec["command"], *extra]
    sys.stdout.flush()
    os.execvpe(command[0], command, environment)


def copy_file(source: str, target: str) -> None:
    """Copy a file in one step; processes that share a home may do so at once."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".launch-")
    os.close(handle)
    shutil.copyfile(source, partial)
    os.chmod(partial, 0o644)
    os.replace(partial, target)


def probe(target: str) -> int:
    """Bind a scratch folder on `target` and look whether it is there."""
    with tempfile.TemporaryDirectory() as scratch:
        with open(os.path.join(scratch, "evidence"), "w", encoding="utf-8"):
            pass
        answer = {"works": True, "reason": ""}
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _sibling("private_mounts").bind_folders([[scratch, target]])
                status = 0 if os.path.exists(os.path.join(target, "evidence")) else 1
            except OSError as error:
                with open(os.path.join(scratch, "reason"), "w", encoding="utf-8") as file:
                    file.write(str(error))
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        if status != 0:
            answer = {"works": False, "reason": _read(os.path.join(scratch, "reason"))}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return "the bound folder was not visible"


def _sibling(name: str) -> ModuleType:
    """Import a module of this folder; `-I` keeps the folder off the path, and a link may stand before us."""
    folder = os.path.dirname(os.path.realpath(__file__))
    if folder not in sys.path:
        sys.path.append(folder)
    return __import__(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
