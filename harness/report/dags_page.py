"""One self-contained HTML page about the DAG files: pictures of the graphs, parse times, findings."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.report.paths import show_path
from harness.results import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.results import CheckResult, Finding

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#1d2733;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}code,pre{font:13px ui-monospace,monospace}
.error{color:#b3261e}.warning{color:#8a5a00}.note{color:#2457a6}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #dfe5ec;vertical-align:top}
pre{background:#f4f6f9;padding:.4rem .6rem;overflow:auto;margin:.3rem 0}
.bar{background:#6d8fc4;height:.8rem;min-width:2px}
svg{max-width:100%;height:auto;border:1px solid #dfe5ec;background:#fbfcfe}
svg text{font:12px ui-monospace,monospace;fill:#1d2733}
@media (prefers-color-scheme:dark){body{background:#161b22;color:#dbe2ea}pre{background:#20262e}
svg{background:#20262e}
svg text{fill:#dbe2ea}.error{color:#ff8a80}.warning{color:#ffc46b}.note{color:#8fb8ff}}
"""
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 150, 28, 50, 14
_SHOWN_LETTERS = 20


def render_page(result: CheckResult, root: Path) -> str:
    """The page; needs the facts of a check that was asked for graphs."""
    files: Sequence[Mapping[str, Any]] = result.data.get("files", ())  # type: ignore[assignment]
    counts = ", ".join(f"{result.count(severity)} {severity.value}s" for severity in Severity)
    body = [
        f"<h1>DAG check: {escape(result.outcome.value)}</h1>",
        f"<p>{escape('; '.join(result.facts))}; {counts}</p>",
        "<h2>Findings</h2>",
        _findings(result.findings, root),
        "<h2>Time to parse</h2>",
        _times(files, root),
        "<h2>Graphs</h2>",
        *(_dag(dag) for file in files for dag in file.get("dags", ())),
    ]
    head = f'<meta charset="utf-8"><title>DAG check</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _findings(findings: Sequence[Finding], root: Path) -> str:
    if not findings:
        return "<p>Nothing found.</p>"
    return f"<table>{''.join(_row(finding, root) for finding in findings)}</table>"


def _row(finding: Finding, root: Path) -> str:
    place = ""
    if finding.location is not None:
        place = f"{show_path(finding.location.path, root)}:{finding.location.line or 1}"
    source = f"<pre>{escape(finding.source.strip())}</pre>" if finding.source else ""
    hint = f"<br><em>{escape(finding.hint)}</em>" if finding.hint else ""
    severity = finding.severity.value
    return (
        f'<tr><td class="{severity}">{severity}</td><td><code>{escape(place)}</code></td>'
        f"<td>{escape(finding.message)} <code>{escape(finding.rule)}</code>{source}{hint}</td></tr>"
    )


def _times(files: Sequence[Mapping[str, Any]], root: Path) -> str:
    timed = [(file.get("measured", {}).get("seconds", 0.0), file["file"]) for file in files]
    longest = max((seconds for seconds, _ in timed), default=0.0) or 1.0
    rows = (
        f"<tr><td><code>{escape(show_path(Path(name), root))}</code></td>"
        f"<td>{seconds:.3f} s</td>"
        f'<td style="width:50%">{_bar(seconds / longest)}</td></tr>'
        for seconds, name in sorted(timed, reverse=True)
    )
    return f"<table>{''.join(rows)}</table>"


def _bar(share: float) -> str:
    return f'<div class="bar" style="width:{100 * share:.1f}%"></div>'


def _dag(dag: Mapping[str, Any]) -> str:
    graph: Mapping[str, Sequence[str]] = dag.get("graph", {})
    return f"<h3>{escape(dag['dag_id'])}</h3>{_picture(graph)}"


def place_tasks(graph: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, int]]:
    """Column and row of each task: a column per distance from the start."""
    upstream: dict[str, list[str]] = {task: [] for task in graph}
    for task, following in graph.items():
        for other in following:
            upstream.setdefault(other, []).append(task)
    columns: dict[str, int] = {}
    waiting = dict(upstream)
    while waiting:
        ready = [task for task, before in waiting.items() if all(other in columns for other in before)]
        for task in sorted(ready or waiting):
            columns[task] = max((columns.get(other, 0) + 1 for other in upstream[task]), default=0)
            del waiting[task]
    rows: dict[int, int] = {}
    places = {}
    for task, column in sorted(columns.items(), key=lambda item: (item[1], item[0])):
        places[task] = (column, rows.get(column, 0))
        rows[column] = rows.get(column, 0) + 1
    return places


def _picture(graph: Mapping[str, Sequence[str]]) -> str:
    places = place_tasks(graph)
    if not places:
        return "<p>No tasks.</p>"
    corner = {
        task: (10 + column * (_WIDTH + _GAP_X), 10 + row * (_HEIGHT + _GAP_Y))
        for task, (column, row) in places.items()
    }
    width = max(x for x, _ in corner.values()) + _WIDTH + 10
    height = max(y for _, y in corner.values()) + _HEIGHT + 10
    edges = "".join(_edge(corner[task], corner[other]) for task, to in graph.items() for other in to)
    boxes = "".join(_box(task, *corner[task]) for task in places)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">{edges}{boxes}</svg>'


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0], end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}" fill="none" stroke="#8493a8"/>'


def _box(task: str, x: int, y: int) -> str:
    shown = task if len(task) <= _SHOWN_LETTERS else f"{task[: _SHOWN_LETTERS - 1]}…"
    return (
        f'<g><title>{escape(task)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" '
        f'fill="none" stroke="#6d8fc4"/><text x="{x + 8}" y="{y + 18}">{escape(shown)}</text></g>'
    )
