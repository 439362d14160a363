"""The verdict on a set of DAG files: cached facts where they hold, the parser for the rest."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.checks.dag_parser.cache import FactsCache
from harness.checks.dags.datasets import dataset_findings
from harness.checks.dags.discovery import Discovery, discover
from harness.checks.dags.findings import cross_findings, findings_of, sort_key
from harness.checks.sources import with_source
from harness.errors import Location
from harness.project.shard import WHOLE, Shard
from harness.results import CheckResult, Finding, Severity, count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.checks.dag_parser.client import Facts
    from harness.checks.dag_parser.session import Session

CACHE_FILE = os.path.join(".mwaa", "cache", "dag-parser", "facts.sqlite")


class Parser(Protocol):
    """Gives the facts of files; the warm and the cold one are interchangeable."""

    def __call__(
        self, session: Session, files: Sequence[str], options: Mapping[str, Any], /
    ) -> Iterator[Facts]: ...


@dataclass(frozen=True)
class Question:
    """What to check.

    Attributes:
        root: the project.
        paths: files and folders, absolute; the DAGs folder when there are none.
        shard: which part of the files.
        graph: also learn each DAG's tasks and edges.
    """

    root: str
    paths: tuple[str, ...] = ()
    shard: Shard = WHOLE
    graph: str = ""


def check_dags(
    session: Session,
    question: Question,
    parser: Parser,
    progress: Callable[[int, int], None],
) -> CheckResult:
    """Everything that is wrong with the DAG files.

    Args:
        session: how to ask.
        question: about what.
        parser: asked about files whose facts are not known.
        progress: told how many of how many files are done.
    """
    started = time.monotonic()
    found = discover(question.paths, session.dags_folder, session.options["ignore_syntax"])
    files = question.shard.choose(found.files)
    records, held = _facts(session, question, files, parser, progress)
    findings = [
        finding for facts in records for finding in findings_of(facts, session.seeded, session.options)
    ]
    findings += cross_findings(records)
    if not question.paths and question.shard == WHOLE:
        findings += dataset_findings(records)
    findings += _ignore_findings(found)
    kept = list(dict.fromkeys(findings))
    dags = sum(len(facts.get("dags", ())) for facts in records)
    return CheckResult(
        "dags",
        tuple(Path(file) for file in files),
        tuple(with_source(sorted(kept, key=sort_key))),
        (),
        (f"{count_of(len(files), 'file')}, {count_of(dags, 'DAG')}, {held} unchanged",),
        time.monotonic() - started,
        {"files": records} if question.graph else {},
    )


def _facts(
    session: Session,
    question: Question,
    files: Sequence[str],
    parser: Parser,
    progress: Callable[[int, int], None],
) -> tuple[list[Facts], int]:
    if not files:
        return [], 0
    options = {**session.options, "graph": question.graph}
    key = f"{session.key} {question.graph} {plugins_digest(session.plugins_folder)}"
    roots = (session.dags_folder, session.plugins_folder)
    cache = FactsCache(os.path.join(question.root, CACHE_FILE), key, roots)
    known = cache.recall(files)
    missing = [file for file in files if file not in known]
    fresh = []
    if missing:
        options["has_plugins"] = _has_plugins(session.plugins_folder)
        for facts in parser(session, missing, options):
            fresh.append(facts)
            known[facts["file"]] = facts
            progress(len(known), len(files))
        cache.keep(fresh)
    return [known[file] for file in files if file in known], len(files) - len(missing)


def plugins_digest(folder: str) -> str:
    """Of every file below the plugins folder, by size and time: any plugin may change any verdict."""
    import hashlib

    digest = hashlib.sha256()
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(place, name)
            try:
                found = os.stat(path)
            except OSError:
                continue
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}\0".encode())
    return digest.hexdigest()


def _has_plugins(folder: str) -> str:
    for _place, _folders, names in os.walk(folder):
        if any(name.endswith(".py") for name in names):
            return "yes"
    return ""


def _ignore_findings(found: Discovery) -> list[Finding]:
    findings = [
        Finding(
            "airflowignore-pattern",
            Severity.WARNING,
            f"the pattern {text!r} is not valid ({reason}); Airflow leaves it out",
            Location(Path(file), line),
            "Airflow 2.5.1 reads regular expressions unless core.dag_ignore_file_syntax is glob",
        )
        for file, line, text, reason in found.broken
    ]
    if not found.files and found.hidden:
        findings += [
            Finding(
                "airflowignore-hides-everything",
                Severity.ERROR,
                f"the pattern hides {count} of the files and folders, and no DAG file is left",
                Location(Path(file), line),
                "a pattern matches anywhere in a path: anchor it with ^ and $",
            )
            for (file, line), count in sorted(found.hidden.items())
        ]
    return findings
