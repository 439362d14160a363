"""Datasets that start a DAG and that no task produces: only the whole DAGs folder can tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Location
from harness.results import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.checks.dag_parser.client import Facts


def dataset_findings(records: Sequence[Facts]) -> Iterator[Finding]:
    """Findings about all files of the DAGs folder together."""
    dags = [dag for facts in records for dag in facts.get("dags", ())]
    produced = {each["uri"] for dag in dags for each in dag.get("datasets", {}).get("produced", ())}
    for dag in dags:
        for consumed in dag.get("datasets", {}).get("consumed", ()):
            if consumed["uri"] not in produced:
                yield Finding(
                    "dataset-never-produced",
                    Severity.WARNING,
                    f"the DAG {dag['dag_id']} waits for the dataset {consumed['uri']!r}, "
                    "which no task produces",
                    Location(Path(consumed["file"]), consumed["line"]),
                    "name it in the outlets of the task that produces it; in Airflow 2.5.1 nothing else can",
                )
