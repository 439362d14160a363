"""What parsing the DAGs folder told, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Location

# The scheduler stores these with its own paths; they say nothing about the DAG.
_PLACE_KEYS = ("fileloc", "_processor_dags_folder")


@dataclass(frozen=True)
class Frame:
    """One of the user's own lines on the way to an error."""

    location: Location
    function: str
    text: str


@dataclass(frozen=True)
class ParseError:
    """Why a file, or one DAG in it, cannot be used. `frames` are the user's, outermost first."""

    kind: str
    message: str
    frames: tuple[Frame, ...]
    traceback: str

    @property
    def location(self) -> Location | None:
        return self.frames[-1].location if self.frames else None


@dataclass(frozen=True)
class TopLevelRead:
    """A variable or connection that is read whenever the file is parsed."""

    kind: str
    name: str
    location: Location


@dataclass(frozen=True)
class ParsedDag:
    """One DAG; `serialized` is what the scheduler would keep of it."""

    dag_id: str
    tasks: tuple[str, ...]
    datasets_in: tuple[str, ...]
    datasets_out: tuple[str, ...]
    serialized: Mapping[str, Any]


@dataclass(frozen=True)
class ParsedFile:
    """One file that the scheduler would parse."""

    path: Path
    dags: tuple[ParsedDag, ...] = ()
    errors: tuple[ParseError, ...] = ()
    reads: tuple[TopLevelRead, ...] = ()


@dataclass(frozen=True)
class PluginError:
    """A plugin that Airflow could not load, and why."""

    source: str
    message: str


@dataclass(frozen=True)
class ParseReport:
    """The whole DAGs folder."""

    files: tuple[ParsedFile, ...]
    plugin_errors: tuple[PluginError, ...] = ()

    def dags(self) -> Iterator[ParsedDag]:
        return (dag for file in self.files for dag in file.dags)

    def find_dag(self, dag_id: str) -> ParsedDag | None:
        return next((dag for dag in self.dags() if dag.dag_id == dag_id), None)

    def find_file(self, path: Path) -> ParsedFile | None:
        return next((file for file in self.files if file.path == path), None)

    def producers_of(self, dag: ParsedDag) -> tuple[ParsedDag, ...]:
        """The DAGs with a task that updates a dataset which `dag` waits for."""
        wanted = set(dag.datasets_in)
        return tuple(other for other in self.dags() if wanted.intersection(other.datasets_out))


def without_places(serialized: Mapping[str, Any]) -> Mapping[str, Any]:
    """`serialized` less what depends on where the DAGs folder is."""
    return {key: value for key, value in serialized.items() if key not in _PLACE_KEYS}


def read_report(document: Mapping[str, Any]) -> ParseReport:
    """The report from the JSON document that the parser answers with."""
    return ParseReport(
        tuple(_file(entry) for entry in document["files"]),
        tuple(PluginError(entry["source"], entry["message"]) for entry in document["plugin_errors"]),
    )


def _file(entry: Mapping[str, Any]) -> ParsedFile:
    return ParsedFile(
        path=Path(entry["path"]),
        dags=tuple(
            ParsedDag(
                dag_id=dag["dag_id"],
                tasks=tuple(dag["tasks"]),
                datasets_in=tuple(dag["datasets_in"]),
                datasets_out=tuple(dag["datasets_out"]),
                serialized=without_places(dag["serialized"]),
            )
            for dag in entry["dags"]
        ),
        errors=tuple(_error(error) for error in entry["errors"]),
        reads=tuple(
            TopLevelRead(read["kind"], read["name"], Location(Path(read["file"]), read["line"]))
            for read in entry["reads"]
        ),
    )


def _error(entry: Mapping[str, Any]) -> ParseError:
    frames = tuple(
        Frame(Location(Path(frame["file"]), frame["line"]), frame["function"], frame["text"])
        for frame in entry["frames"]
    )
    return ParseError(entry["type"], entry["message"], frames, entry["traceback"])
