"""From facts to findings: pure, and in an order that depends on nothing but the facts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.checks.dags.budget import budget_findings
from harness.checks.dags.references import reference_findings
from harness.checks.dags.run_time import run_time_findings
from harness.errors import Location
from harness.results import Finding, Related, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.dag_parser.client import Facts

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

_BEHAVIOUR = {
    "network": ("network-at-parse-time", "opens a connection to {} every time it is parsed"),
    "database": ("database-at-parse-time", "queries {} every time it is parsed"),
    "variable": ("variable-at-parse-time", "reads the variable {} every time it is parsed"),
    "connection": ("connection-at-parse-time", "reads the connection {} every time it is parsed"),
    "aws": ("aws-call-at-parse-time", "calls AWS ({}) every time it is parsed"),
    "file-write": ("file-written-at-parse-time", "writes files every time it is parsed: {}"),
    "process": ("process-at-parse-time", "starts a process every time it is parsed: {}"),
    "working-directory": (
        "working-directory-changed",
        "changes the working directory to {} while it is parsed",
    ),
}
_BEHAVIOUR_HINT = (
    "Airflow parses every file about twice a minute, on every scheduler and before every task: "
    "move this into a task, or use a template such as {{ var.value.name }}"
)


def findings_of(
    facts: Facts, seeded: Mapping[str, Sequence[str]], budget: Mapping[str, Any]
) -> list[Finding]:
    """What is wrong with one file.

    Args:
        facts: of the file.
        seeded: names that the project's seeds provide, by kind.
        budget: seconds and bytes from which on parsing a file is a warning, or an error.
    """
    if "ended" in facts:
        return [_ended(facts)]
    found = [
        *_error(facts),
        *_bag_errors(facts),
        *_serialization(facts),
        *run_time_findings(facts),
        *_dags(facts),
        *reference_findings(facts, seeded),
        *_behaviour(facts),
        *_deprecations(facts),
        *budget_findings(facts, budget),
        *_airflow_3(facts),
    ]
    return sorted(dict.fromkeys(found), key=sort_key)


def sort_key(finding: Finding) -> tuple[Any, ...]:
    """By place, then by weight."""
    location = finding.location
    path, line = (str(location.path), location.line or 0) if location else ("", 0)
    return path, line, _ORDER[finding.severity], finding.rule, finding.message


def cross_findings(records: Sequence[Facts]) -> list[Finding]:
    """What is wrong between files: the same dag id in two of them."""
    places: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for facts in sorted(records, key=lambda record: str(record["file"])):
        for dag in facts.get("dags", ()):
            places.setdefault(dag["dag_id"], []).append((facts["file"], dag))
    return [finding for dag_id, dags in sorted(places.items()) for finding in _duplicates(dag_id, dags)]


def _duplicates(dag_id: str, dags: list[tuple[str, Mapping[str, Any]]]) -> Iterator[Finding]:
    first_file, first = dags[0]
    for file, dag in dags[1:]:
        if file != first_file:
            yield Finding(
                "duplicate-dag-id",
                Severity.ERROR,
                f"the DAG {dag_id} is also defined in another file; which one runs changes with every parse",
                _at(dag),
                "give one of them another dag_id",
                related=(Related(_at(first), f"the other {dag_id}"),),
            )


def _at(place: Mapping[str, Any]) -> Location:
    return Location(Path(place["file"]), place["line"], place.get("column"))


def _ended(facts: Facts) -> Finding:
    ended = facts["ended"]
    place = ended["place"] or (facts["file"], 1)
    at = Location(Path(place[0]), place[1])
    how = ended["how"]
    if how == "timeout":
        return Finding(
            "dag-parse-timeout",
            Severity.ERROR,
            "the file was still being parsed at this line when its time was up",
            at,
            "Airflow gives up after core.dagbag_import_timeout seconds (30 unless configured); "
            "move slow work into a task",
        )
    if how.startswith("exit"):
        return Finding(
            "dag-file-exits",
            Severity.ERROR,
            f"the file ends the process that parses it ({how.replace('exit', 'exit status')})",
            at,
            "on MWAA its DAGs vanish without an import error; raise an exception, or leave this to a task",
        )
    return Finding(
        "dag-file-crashes",
        Severity.ERROR,
        f"the process that parses the file was killed by {how}",
        at,
        "a native module crashes, or the file kills its own process",
    )


def _place_of(error: Mapping[str, Any], file: str) -> Location:
    frames = error["frames"]
    own = [frame for frame in frames if frame["file"] == file] or frames
    return _at(own[-1]) if own else Location(Path(file), error.get("line", 1))


def _error(facts: Facts) -> Iterator[Finding]:
    error = facts["error"]
    if error is None:
        return
    frames = error["frames"]
    at = _at(frames[-1]) if frames else Location(Path(facts["file"]), 1)
    details = tuple(
        f"{frame['file']}:{frame['line']} in {frame['function']}"
        for frame in frames[:-1]
        if frame["function"]
    )
    text = error["message"] if error["type"] == "AirflowException" else f"{error['type']}: {error['message']}"
    if error["type"] == "AirflowTaskTimeout":
        yield Finding(
            "dag-parse-timeout",
            Severity.ERROR,
            "the file was still being parsed at this line when its time was up",
            at,
            "Airflow gives up after core.dagbag_import_timeout seconds (30 unless configured); "
            "move slow work into a task",
            details,
        )
    elif error.get("escaped"):
        exits = error["type"] in {"SystemExit", "KeyboardInterrupt", "GeneratorExit"}
        rule = "dag-file-exits" if exits else "dag-import-error"
        hint = "Airflow does not catch this: on MWAA the DAGs vanish without an import error"
        yield Finding(rule, Severity.ERROR, text, at, hint, details)
    else:
        yield _import_error(error, text, at, details)


def _import_error(error: Mapping[str, Any], text: str, at: Location, details: tuple[str, ...]) -> Finding:
    from harness.checks.dags.moved_names import explain_error  # only wrong files pay for the table

    explained = explain_error(error)
    if explained is None:
        return Finding("dag-import-error", Severity.ERROR, text, at, None, details)
    return Finding(explained.rule, Severity.ERROR, text, at, explained.hint, details)


def _bag_errors(facts: Facts) -> Iterator[Finding]:
    rules = {
        "AirflowDagCycleException": ("dag-cycle", "remove one of the dependencies that lead back"),
        "AirflowTimetableInvalid": ("invalid-schedule", "a cron expression has five fields, e.g. 0 6 * * *"),
        "AirflowDagDuplicatedIdException": ("duplicate-dag-id", "give one of them another dag_id"),
    }
    for error in facts["bag_errors"]:
        rule, hint = rules.get(error["type"], ("dag-import-error", None))
        yield Finding(rule, Severity.ERROR, error["message"], _place_of(error, facts["file"]), hint)


def _serialization(facts: Facts) -> Iterator[Finding]:
    for error in facts.get("serialization", ()):
        yield Finding(
            "dag-not-serializable",
            Severity.ERROR,
            f"the DAG {error['dag_id']} cannot be serialized: {error['type']}: {error['message']}",
            Location(Path(error["place"]["file"]), error["place"]["line"]),
            "the scheduler stores DAGs as JSON; keep to plain values in the arguments of DAGs and operators",
        )


def _dags(facts: Facts) -> Iterator[Finding]:
    for dag in facts["dags"]:
        if dag["tasks"] == 0:
            yield Finding(
                "empty-dag",
                Severity.WARNING,
                f"the DAG {dag['dag_id']} has no tasks",
                _at(dag),
                "its runs succeed at once and do nothing",
            )
        if dag["start_date"] is not None and dag["scheduled"] and _is_future(dag["start_date"]):
            yield Finding(
                "start-date-in-future",
                Severity.WARNING,
                f"the DAG {dag['dag_id']} starts on {dag['start_date'][:10]}; until then it does not run",
                _at(dag),
                None,
            )
    for place in facts.get("moving_start_dates", ()):
        yield Finding(
            "moving-start-date",
            Severity.WARNING,
            "the start date moves with the clock",
            _at(place),
            "the first interval never ends, or runs are skipped; use a fixed date",
        )


def _is_future(moment: str) -> bool:
    from datetime import datetime, timezone

    return datetime.fromisoformat(moment) > datetime.now(timezone.utc)


def _behaviour(facts: Facts) -> Iterator[Finding]:
    details: dict[tuple[str, int, str], list[str]] = {}
    for seen in facts["behaviour"]:
        details.setdefault((seen["file"], seen["line"], seen["kind"]), []).append(seen["detail"])
    for (file, line, kind), names in details.items():
        if kind == "network" and (file, line, "aws") in details:
            continue
        rule, text = _BEHAVIOUR[kind]
        at = Location(Path(file), line)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield Finding(rule, Severity.WARNING, text.format(names[0] + more), at, _BEHAVIOUR_HINT)


def _deprecations(facts: Facts) -> Iterator[Finding]:
    if not facts["warnings"]:
        return
    from harness.checks.dags.moved_names import explain_warning

    for warning in facts["warnings"]:
        message = " ".join(warning["message"].split())
        yield Finding(
            "deprecated-in-airflow", Severity.WARNING, message, _at(warning), explain_warning(message)
        )


def _airflow_3(facts: Facts) -> Iterator[Finding]:
    for note in facts.get("notes", ()):
        yield Finding(
            "airflow-3-blocker",
            Severity.NOTE,
            f"{note['message'].rstrip(';')} ({note['code']})",
            Location(Path(facts["file"]), note["line"], note["column"]),
            note["advice"],
        )
