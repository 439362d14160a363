"""Facts of files that did not change, kept only where everything that they depend on is known.

An entry holds as long as the file's content is the same, and so is everything the file touched while it was
parsed: modules and data files (by content), folders it listed, paths it asked about, modules it looked for
and did not find. Files whose facts may depend on more (clock, chance, environment, network) are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.checks.dag_parser.client import Facts

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS facts (path TEXT PRIMARY KEY, key TEXT, content TEXT, parts TEXT, facts TEXT)"
)
_CLOCK_STEP = 0.05
_ABSENT = "absent"


class Tree:
    """The file system as one command sees it: every question is asked once."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = roots
        self._contents: dict[str, str] = {}
        self._folders: dict[str, list[str]] = {}

    def content(self, path: str) -> str:
        """Digest of a file's bytes."""
        known = self._contents.get(path)
        if known is None:
            try:
                with open(path, "rb") as stream:
                    known = hashlib.sha256(stream.read()).hexdigest()
            except OSError:
                known = _ABSENT
            self._contents[path] = known
        return known

    def folder(self, path: str) -> list[str]:
        """The names in a folder, sorted; none when there is no such folder."""
        known = self._folders.get(path)
        if known is None:
            try:
                known = sorted(name for name in os.listdir(path) if name != "__pycache__")
            except OSError:
                known = []
            self._folders[path] = known
        return known

    def module(self, name: str) -> str:
        """What there is under a module's name in the project, as files and folders."""
        parts = name.split(".")
        found = []
        for root in self.roots:
            folder = os.path.join(root, *parts[:-1])
            last = parts[-1]
            found += [
                f"{folder}/{entry}"
                for entry in self.folder(folder)
                if entry == last or entry.startswith(f"{last}.")
            ]
        return "\0".join(found)

    @staticmethod
    def description(path: str) -> str:
        """What `os.stat` says about a path."""
        try:
            found = os.stat(path)
        except OSError:
            return _ABSENT
        return "folder" if os.path.isdir(path) else f"{found.st_size} {found.st_mtime_ns}"

    def parts(self, dependencies: dict[str, Any]) -> dict[str, dict[str, str]]:
        """The state of everything that facts depend on."""
        return {
            "files": {path: self.content(path) for path in dependencies["files"]},
            "listed": {path: "\0".join(self.folder(path)) for path in dependencies["listed"]},
            "examined": {path: self.description(path) for path in dependencies["examined"]},
            "modules": {name: self.module(name) for name in dependencies["modules"]},
        }


def _open(file: str) -> sqlite3.Connection:
    """The kept facts; where they cannot be kept or read, a place that is soon forgotten."""
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        return _prepare(sqlite3.connect(file, timeout=5, isolation_level=None))
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            os.unlink(file)
        return _prepare(sqlite3.connect(":memory:", isolation_level=None))


def _prepare(database: sqlite3.Connection) -> sqlite3.Connection:
    database.execute("PRAGMA synchronous=OFF")
    database.execute(_SCHEMA)
    database.execute("SELECT 1 FROM facts LIMIT 1")
    return database


class FactsCache:
    """The kept facts of one project, good for one key: worker environment, options, variables, plugins."""

    def __init__(self, file: str, key: str, roots: Sequence[str]) -> None:
        self.key = key
        self.tree = Tree(roots)
        self.started = time.time()
        self.database = _open(file)

    def recall(self, paths: Sequence[str]) -> dict[str, Facts]:
        """The facts that still hold, by path."""
        wanted = set(paths)
        held = {}
        if len(paths) > 20:  # noqa: PLR2004 -- from here on one scan is faster than many look-ups
            rows = self.database.execute("SELECT * FROM facts")
        else:
            marks = ",".join("?" * len(paths))
            rows = self.database.execute(f"SELECT * FROM facts WHERE path IN ({marks})", list(paths))  # noqa: S608
        for path, key, content, parts, facts in rows:
            if path in wanted and key == self.key and content == self.tree.content(path):
                kept = json.loads(parts)
                if kept == self.tree.parts(kept):
                    held[path] = json.loads(facts)
        return held

    def keep(self, records: Iterable[Facts]) -> None:
        """Keep what may be kept of fresh facts."""
        rows = []
        fresh = Tree(self.tree.roots)
        for facts in records:
            dependencies = facts.get("dependencies")
            path = facts["file"]
            if (
                not dependencies
                or not dependencies["repeatable"]
                or self._may_have_changed(path, dependencies)
            ):
                continue
            kept = {name: value for name, value in facts.items() if name != "dependencies"}
            rows.append(
                (path, self.key, fresh.content(path), json.dumps(fresh.parts(dependencies)), json.dumps(kept))
            )
        with contextlib.suppress(sqlite3.OperationalError):  # read-only, or busy for long: not kept this time
            self.database.execute("BEGIN IMMEDIATE")
            self.database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)", rows)
            self.database.execute("COMMIT")

    def _may_have_changed(self, path: str, dependencies: dict[str, Any]) -> bool:
        """Whether anything was written since shortly before it was read."""
        folders = {
            os.path.join(root, *name.split(".")[:-1])
            for name in dependencies["modules"]
            for root in self.tree.roots
        }
        touched = [path, *dependencies["files"], *dependencies["listed"], *dependencies["examined"], *folders]
        return any(self._is_recent(name) for name in touched)

    def _is_recent(self, path: str) -> bool:
        try:
            return os.stat(path).st_ctime > self.started - _CLOCK_STEP
        except OSError:
            return False
