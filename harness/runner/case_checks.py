"""Whether the declared cases can be run at all, judged from what parsing the DAGs told."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.config.toml_section import suggest
from harness.errors import CollectedError, HarnessError, UsageError
from harness.runner.cases import Start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.runner.cases import Case, DagTests
    from harness.runner.parse_report import ParsedDag, ParseReport


def check_cases(tests: DagTests, report: ParseReport) -> None:
    """Refuse cases of DAGs that do not exist, and cases whose run could never begin.

    A DAG that is missing while some file cannot be parsed is not complained about: it may be in that file.

    Raises:
        CollectedError: at least one case is refused; all of them are listed.
    """
    errors = tuple(_find_errors(tests, report))
    if errors:
        raise CollectedError(errors)


def _find_errors(tests: DagTests, report: ParseReport) -> Iterator[HarnessError]:
    known = {dag.dag_id: dag for dag in report.dags()}
    is_whole = not any(file.errors for file in report.files)
    for dag_id, cases in tests.declared.items():
        dag = known.get(dag_id)
        if dag is not None:
            for case in cases:
                yield from _find_case_errors(case, dag, report)
        elif is_whole:
            hint = suggest(dag_id, known)
            yield UsageError(f'there is no DAG "{dag_id}"', location=tests.locations[dag_id], hint=hint)


def _find_case_errors(case: Case, dag: ParsedDag, report: ParseReport) -> Iterator[HarnessError]:
    start = dag.serialized.get("start_date")
    logical_date = case.logical_date
    if logical_date is not None and isinstance(start, int | float) and logical_date.timestamp() < start:
        earliest = datetime.fromtimestamp(start, tz=timezone.utc).isoformat()
        yield UsageError(
            f"logical_date {logical_date.isoformat()} is before the start_date of {case.dag_id}: "
            "Airflow would run none of its tasks",
            location=case.location,
            hint=f"Choose a date from {earliest} on.",
        )
    if case.start is Start.DATASET and not report.producers_of(dag):
        yield UsageError(
            f"{case.dag_id} cannot start by a dataset: no DAG updates one that it waits for",
            location=case.location,
            hint="Leave start out, or give a task of another DAG the dataset as an outlet.",
        )
