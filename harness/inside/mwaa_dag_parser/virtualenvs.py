"""What a function that runs in a virtual environment of its own imports, and nothing there provides."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from typing import Any

from .source import is_importable

_OTHER_NAMES = {
    "bs4": "beautifulsoup4",
    "crypto": "pycryptodome",
    "cv2": "opencv",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "gitpython",
    "jwt": "pyjwt",
    "mysqldb": "mysqlclient",
    "openssl": "pyopenssl",
    "pil": "pillow",
    "psycopg2": "psycopg2",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def missing_modules(task: Any) -> list[dict[str, Any]]:
    """The modules that the function of `task` imports and its environment lacks, with the lines.

    `certain` says that nothing could provide the module; otherwise no requirement has a name like it.
    """
    requirements = getattr(task, "requirements", None)
    function = getattr(task, "python_callable", None)
    if requirements is None or not inspect.isfunction(function):
        return []
    lines = (
        requirements.splitlines() if isinstance(requirements, str) else [str(each) for each in requirements]
    )
    if any("{{" in line or line.strip().startswith(("-", "git+")) for line in lines):
        return []  # what a template, an option or a repository brings along cannot be told
    names = {_normalize(line) for line in lines} - {""}
    found = []
    for module, line in _imports(function):
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top == "__future__":
            continue
        if getattr(task, "system_site_packages", True) and is_importable(module):
            continue
        if not any(_provides(name, top) for name in names):
            found.append(
                {
                    "module": module,
                    "function": function.__name__,
                    "file": function.__code__.co_filename,
                    "line": line,
                    "certain": not names,
                }
            )
    return found


def _imports(function: Any) -> list[tuple[str, int]]:
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    guarded = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        for statement in node.body
        for part in ast.walk(statement)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, first + node.lineno - 1) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, first + node.lineno - 1))
    return sorted(found, key=lambda each: (each[1], each[0]))


def _normalize(requirement: str) -> str:
    name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement.partition("#")[0])
    return re.sub(r"[-_.]+", "-", name[1]).lower() if name else ""


def _provides(requirement: str, module: str) -> bool:
    wanted = re.sub(r"[-_.]+", "-", module).lower()
    other = _OTHER_NAMES.get(wanted, wanted)
    return wanted in requirement or other in requirement or requirement in wanted
