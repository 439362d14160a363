"""What the text of a Python file says by itself, without being run."""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import importlib.util
import re
import sys
from dataclasses import dataclass, field
from typing import Any

CLOCK_NAMES = frozenset(
    """now today utcnow time time_ns monotonic perf_counter days_ago random randint choice uuid1 uuid4 urandom
    token_hex shuffle sample getrandbits gmtime localtime environ getenv getpid gethostname getuser""".split()
)
"""Names through which a file's verdict may depend on more than files: such a file is never cached."""

_MOVING = frozenset({"now", "today", "utcnow", "days_ago"})
_PLAIN_ROOTS = frozenset(
    """__future__ abc airflow calendar collections copy dataclasses datetime decimal enum functools hashlib
    itertools json logging math operator pathlib pendulum re statistics string textwrap typing uuid random
    time dateutil""".split()
)
_SHARED_STATE = (
    "airflow.configuration",
    "airflow.plugins_manager",
    "airflow.settings",
    "airflow.stats",
    "airflow.utils.db",
    "airflow.utils.session",
    "airflow.listeners",
    "airflow.providers_manager",
)
_POWERFUL_NAMES = frozenset(
    """setattr delattr exec eval compile globals locals vars __import__ __builtins__ __dict__ __class__
    __bases__ __subclasses__ __setattr__ breakpoint settings conf sys os environ signal gc input open exit
    quit addHandler removeHandler setLevel disable basicConfig simplefilter filterwarnings register
    DAGS_FOLDER cache lru_cache cached_property write_text write_bytes unlink mkdir touch rename
    set_test_now test set_locale set_formatter week_starts_at week_ends_at Thread Process fork append_to
    get_variable_from_secrets addLevelName setLoggerClass captureWarnings while_""".split()
)
_DOCUMENTING = frozenset({"doc", "doc_md", "doc_json", "doc_yaml", "doc_rst"})
_ELSEWHERE = frozenset({"virtualenv", "external_python", "docker", "kubernetes"})
_ELSEWHERE_OPERATORS = frozenset({"PythonVirtualenvOperator", "ExternalPythonOperator"})
_ELSEWHERE_WORD = re.compile(rb"PythonVirtualenvOperator|ExternalPythonOperator")
_NOTED = frozenset(
    {
        *(ast.Name, ast.Attribute, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef),
        *(ast.Lambda, ast.Try, ast.While, ast.keyword, ast.Dict, ast.Call),
    }
)
_CONNECTION_READERS = frozenset({"get_connection", "get_connection_from_secrets"})
_BARE_FIELDS = frozenset({"ctx", "op", "ops", "kind", "type_comment", "type_ignores"})
_CHILDREN: dict[type, tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in _BARE_FIELDS)
    for kind in vars(ast).values()
    if isinstance(kind, type)
    and issubclass(kind, ast.AST)
    and not issubclass(kind, (ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.alias))
}
"""The fields below which statements or expressions may be, by kind of node; leaves are left out."""


@dataclass
class Source:
    """Facts from one walk over the syntax tree."""

    names: set[str] = field(default_factory=set)
    imports: list[tuple[str, int]] = field(default_factory=list)
    assigned_attributes: set[str] = field(default_factory=set)
    loops_forever: bool = False
    late_imports: list[tuple[str, str, int]] = field(default_factory=list)
    moving_start_dates: list[int] = field(default_factory=list)
    names_imported: dict[int, list[str]] = field(default_factory=dict)
    references: list[tuple[str, str, str, int]] = field(default_factory=list)
    tree: ast.Module | None = None

    def is_plain(self) -> bool:
        """Whether the file does nothing that could be felt by a file parsed after it in the same process."""
        return (
            not self.names & _POWERFUL_NAMES
            and not self.loops_forever
            and self.assigned_attributes <= _DOCUMENTING
            and all(
                module.partition(".")[0] in _PLAIN_ROOTS
                and module in sys.modules
                and not module.startswith(_SHARED_STATE)
                for module, _ in self.imports
            )
        )

    def depends_on_more_than_files(self) -> bool:
        """Whether names of clocks, chance or the environment occur."""
        return bool(self.names & CLOCK_NAMES)


@functools.lru_cache(maxsize=16)
def read_source(text: bytes) -> Source | None:
    """The facts of one file; None when it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    source = Source(tree=tree)
    elsewhere = _callables_run_elsewhere(tree) if _ELSEWHERE_WORD.search(text) else frozenset()
    stack: list[tuple[ast.AST, str, bool]] = [(tree, "", False)]
    while stack:
        node, scope, guarded = stack.pop()
        kind = type(node)
        if kind in _NOTED:
            scope, guarded = _enter(node, scope, elsewhere, source, guarded)
        for name in _CHILDREN[kind]:
            value = getattr(node, name, None)
            if isinstance(value, list):
                stack += [(child, scope, guarded) for child in value if type(child) in _CHILDREN]
            elif type(value) in _CHILDREN:
                stack.append((value, scope, guarded))
    source.late_imports.sort(key=lambda found: (found[2], found[0]))
    source.moving_start_dates.sort()
    return source


def _enter(  # noqa: C901, PLR0912 -- one branch per kind of node
    node: ast.AST,
    scope: str,
    elsewhere: frozenset[str],
    source: Source,
    guarded: bool,  # noqa: FBT001 -- state
) -> tuple[str, bool]:
    if isinstance(node, ast.Name):
        source.names.add(node.id)
    elif isinstance(node, ast.Attribute):
        source.names.add(node.attr)
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            source.assigned_attributes.add(node.attr)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        _note_import(node, scope, source, guarded)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if node.name in elsewhere or any(_runs_elsewhere(d) for d in node.decorator_list):
            return "", True
        return node.name, guarded
    elif isinstance(node, ast.Lambda):
        return scope or "<lambda>", guarded
    elif isinstance(node, ast.Try):
        return scope, guarded or any(_catches_import_errors(handler) for handler in node.handlers)
    elif isinstance(node, ast.Call):
        _note_reference(node, scope, source)
    elif isinstance(node, ast.While):
        source.loops_forever = True
    elif isinstance(node, ast.keyword) and node.arg == "start_date":
        _note_start_date(node.value, source)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "start_date":
                _note_start_date(value, source)
    return scope, guarded


def _note_import(node: ast.Import | ast.ImportFrom, scope: str, source: Source, guarded: bool) -> None:  # noqa: FBT001
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
        source.names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    else:
        modules = [node.module or ""] if not node.level else []
        source.names.update(alias.name for alias in node.names)
        source.names_imported[node.lineno] = [alias.name for alias in node.names]
    for module in modules:
        source.imports.append((module, node.lineno))
        if scope and not guarded:
            source.late_imports.append((module, scope, node.lineno))


def _note_reference(node: ast.Call, scope: str, source: Source) -> None:
    """Variables, connections, pools and buckets that code names, to be read when a task runs."""
    function = node.func
    name = getattr(function, "attr", getattr(function, "id", ""))
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        owner = getattr(getattr(function, "value", None), "id", "")
        has_default = len(node.args) > 1 or any(keyword.arg == "default_var" for keyword in node.keywords)
        if name == "get" and owner == "Variable" and not has_default:
            source.references.append(("variable", first.value, scope, node.lineno))
        elif name in _CONNECTION_READERS:
            source.references.append(("connection", first.value, scope, node.lineno))
    if not scope:
        return  # what a file makes while it is parsed is seen as it is made
    for keyword in node.keywords:
        value = keyword.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value and keyword.arg:
            if keyword.arg.endswith("conn_id") and "{" not in value.value:
                source.references.append(("connection", value.value, scope, value.lineno))
            elif keyword.arg == "pool":
                source.references.append(("pool", value.value, scope, value.lineno))
            elif keyword.arg == "Bucket" or (keyword.arg == "bucket_name" and "{" not in value.value):
                source.references.append(("bucket", value.value, scope, value.lineno))


def _note_start_date(value: ast.expr, source: Source) -> None:
    for part in ast.walk(value):
        if isinstance(part, ast.Call):
            name = getattr(part.func, "attr", getattr(part.func, "id", ""))
            if name in _MOVING:
                source.moving_start_dates.append(part.lineno)
                return


def _catches_import_errors(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(handler.type)}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def _runs_elsewhere(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(target, ast.Attribute) and target.attr in _ELSEWHERE


def _callables_run_elsewhere(tree: ast.AST) -> frozenset[str]:
    names = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) in _ELSEWHERE_OPERATORS
        ):
            names.update(
                keyword.value.id
                for keyword in node.keywords
                if keyword.arg == "python_callable" and isinstance(keyword.value, ast.Name)
            )
    return frozenset(names)


def is_importable(module: str) -> bool:
    """Whether a module can be found, asking the finders without importing any package on the way."""
    parts = module.split(".")
    path: Any = None
    for count, _part in enumerate(parts, 1):
        name = ".".join(parts[:count])
        loaded = sys.modules.get(name)
        if loaded is not None:
            path = getattr(loaded, "__path__", None)
        else:
            try:
                spec = _find(name, path)
            except (ImportError, ValueError, AttributeError):
                spec = None
            if spec is None:
                return False
            path = spec.submodule_search_locations
        if path is None:
            return count == len(parts)
    return True


def _find(name: str, path: Any) -> importlib.machinery.ModuleSpec | None:
    if path is None:
        return importlib.util.find_spec(name)
    return importlib.machinery.PathFinder.find_spec(name, path)
