"""Pools, queues, connections, variables and buckets that a file names and the seeds do not provide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import Location
from harness.results import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.dag_parser.client import Facts

_REFERENCES = {
    "pool": ("unknown-pool", Severity.WARNING, "pool", "[pools.{}] with slots = … in the seeds"),
    "connection": ("unknown-connection", Severity.NOTE, "connection", "[connections.{}] in the seeds"),
    "variable": ("unknown-variable", Severity.NOTE, "variable", "{} = … under [variables] in the seeds"),
    "bucket": ("unknown-bucket", Severity.NOTE, "bucket", '[[s3]] with bucket = "{}" in the seeds'),
}
_ALWAYS_THERE = {"connection": ("aws_default",), "pool": ("default_pool",)}


def reference_findings(facts: Facts, seeded: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Findings about one file."""
    named = set()
    for dag in facts["dags"]:
        for reference in dag["references"]:
            kind, name = reference["kind"], reference["name"]
            named.add((kind, name))
            if kind == "queue":
                yield Finding(
                    "unknown-queue",
                    Severity.ERROR,
                    f"the task {reference['task_id']} asks for the queue {name!r}; "
                    "an MWAA environment has one queue, and workers listen to no other",
                    _at(reference),
                    "remove queue=…; the task would stay queued for ever",
                )
            elif kind in _REFERENCES and not _is_provided(kind, name, seeded):
                rule, severity, noun, fix = _REFERENCES[kind]
                yield Finding(
                    rule,
                    severity,
                    f"the task {reference['task_id']} refers to the {noun} {name!r}, "
                    "which the project's seeds do not provide",
                    _at(reference),
                    f"create it in the environment; to have it locally, add {fix.format(name)}",
                )
    for reference in facts.get("code_references", ()):
        kind, name = reference["kind"], reference["name"]
        if (kind, name) not in named and not _is_provided(kind, name, seeded):
            rule, _, noun, fix = _REFERENCES[kind]
            yield Finding(
                rule,
                Severity.NOTE,
                f"{reference['function'] or 'the file'} refers to the {noun} {name!r}, "
                "which the project's seeds do not provide",
                _at(reference),
                f"create it in the environment; to have it locally, add {fix.format(name)}",
            )


def _is_provided(kind: str, name: str, seeded: Mapping[str, Sequence[str]]) -> bool:
    return name in seeded.get(kind, ()) or name in _ALWAYS_THERE.get(kind, ())


def _at(place: Mapping[str, Any]) -> Location:
    return Location(Path(place["file"]), place["line"])
