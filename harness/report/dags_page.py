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
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:#1d2733;background:#fff}
h1{font-size:1.5rem;margin-bottom:.3rem}h2{font-size:1.15rem;margin-top:2.2rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}h3 small{font-weight:400;color:#66758a}
code,pre{font:13px ui-monospace,monospace}
.chip{display:inline-block;border-radius:1rem;padding:.05rem .7rem;margin-right:.4rem;border:1px solid}
.error{color:#b3261e}.warning{color:#8a5a00}.note{color:#2457a6}.passed{color:#1e6b3a}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dfe5ec;vertical-align:top}
th{font-weight:600;color:#66758a}td.number,th.number{text-align:right;white-space:nowrap}
td.place{white-space:nowrap}pre{background:#f4f6f9;padding:.4rem .6rem;overflow:auto;margin:.3rem 0}
.rule{color:#66758a}.bar{background:#6d8fc4;height:.8rem;min-width:2px;margin-top:.3rem}
.picture{overflow-x:auto;border:1px solid #dfe5ec;border-radius:6px;background:#fbfcfe;padding:.3rem}
svg{display:block}svg text{font:12px ui-monospace,monospace;fill:#1d2733}
svg .task{fill:none;stroke:#6d8fc4}svg .edge{fill:none;stroke:#8493a8}svg .arrow{fill:#8493a8}
svg .task.error{stroke:#b3261e;stroke-width:2.5;fill:#b3261e18}
svg .task.warning{stroke:#b97a00;stroke-width:2.5;fill:#b97a0018}
svg .task.note{stroke:#2457a6;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){body{background:#161b22;color:#dbe2ea}pre,.picture{background:#20262e}
td,th,.picture{border-color:#333c48}svg text{fill:#dbe2ea}.error{color:#ff8a80}.warning{color:#ffc46b}
.note{color:#8fb8ff}.passed{color:#7fd6a0}}
"""
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 150, 28, 50, 14
_SHOWN_LETTERS = 20


def render_page(result: CheckResult, root: Path) -> str:
    """The page; needs the facts of a check that was asked for graphs."""
    files: Sequence[Mapping[str, Any]] = result.data.get("files", ())  # type: ignore[assignment]
    worst = _worst_by_place(result.findings)
    body = [
        f"<h1>DAG check: {escape(result.outcome.value)}</h1>",
        f"<p>{_chips(result)} {escape('; '.join(result.facts))}</p>",
        "<h2>Findings</h2>",
        _findings(result.findings, root),
        "<h2>Time and memory to parse</h2>",
        _times(files, root),
        "<h2>Graphs</h2>",
        *(_dag(dag, root, worst) for file in files for dag in file.get("dags", ())),
    ]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>DAG check: {escape(result.outcome.value)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _chips(result: CheckResult) -> str:
    counts = [(severity.value, result.count(severity)) for severity in Severity]
    chips = [
        f'<span class="chip {name}">{count} {name}{"" if count == 1 else "s"}</span>'
        for name, count in counts
        if count
    ]
    return "".join(chips) or '<span class="chip passed">nothing found</span>'


def _worst_by_place(findings: Sequence[Finding]) -> dict[tuple[str, int], str]:
    """The weightiest severity on each line."""
    worst: dict[tuple[str, int], str] = {}
    for severity in reversed(Severity):
        for finding in findings:
            if finding.severity is severity and finding.location is not None:
                worst[str(finding.location.path), finding.location.line or 1] = severity.value
    return worst


def _findings(findings: Sequence[Finding], root: Path) -> str:
    if not findings:
        return "<p>Nothing found.</p>"
    return f"<table>{''.join(_row(finding, root) for finding in findings)}</table>"


def _row(finding: Finding, root: Path) -> str:
    place = ""
    if finding.location is not None:
        place = f"{show_path(finding.location.path, root)}:{finding.location.line or 1}"
    source = f"<pre>{escape(finding.source.strip())}</pre>" if finding.source else ""
    hint = f"<div><em>{escape(finding.hint)}</em></div>" if finding.hint else ""
    severity = finding.severity.value
    return (
        f'<tr><td class="{severity}">{severity}</td><td class="place"><code>{escape(place)}</code></td>'
        f'<td>{escape(finding.message)} <code class="rule">{escape(finding.rule)}</code>'
        f"{source}{hint}</td></tr>"
    )


def _times(files: Sequence[Mapping[str, Any]], root: Path) -> str:
    measured = [(file.get("measured", {}), file["file"]) for file in files]
    timed = [(facts.get("seconds", 0.0), facts.get("memory", 0) >> 20, name) for facts, name in measured]
    longest = max((seconds for seconds, _, _ in timed), default=0.0) or 1.0
    rows = (
        f"<tr><td><code>{escape(show_path(Path(name), root))}</code></td>"
        f'<td class="number">{seconds:.3f} s</td><td class="number">{mib} MiB</td>'
        f'<td style="width:45%">{_bar(seconds / longest)}</td></tr>'
        for seconds, mib, name in sorted(timed, reverse=True)
    )
    head = '<tr><th>file</th><th class="number">time</th><th class="number">memory</th><th></th></tr>'
    return f"<table>{head}{''.join(rows)}</table>"


def _bar(share: float) -> str:
    return f'<div class="bar" style="width:{100 * share:.1f}%"></div>'


def _dag(dag: Mapping[str, Any], root: Path, worst: Mapping[tuple[str, int], str]) -> str:
    graph: Mapping[str, Sequence[str]] = dag.get("graph", {})
    marks = {
        task: worst.get((place["file"], place["line"]), "")
        for task, place in dag.get("task_places", {}).items()
    }
    schedule = dag.get("schedule", "None").replace("None", "no schedule")
    tasks = f"{len(graph)} task{'' if len(graph) == 1 else 's'}"
    where = f"{show_path(Path(dag['file']), root)}:{dag['line']} · {schedule} · {tasks}"
    return f"<h3>{escape(dag['dag_id'])} <small>{escape(where)}</small></h3>{_picture(graph, marks)}"


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


def _picture(graph: Mapping[str, Sequence[str]], marks: Mapping[str, str]) -> str:
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
    boxes = "".join(_box(task, *corner[task], marks.get(task, "")) for task in places)
    svg = f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    return f'<div class="picture">{svg}{edges}{boxes}</svg></div>'


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0] - 6, end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return (
        f'<path class="edge" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'
        f'<path class="arrow" d="M{x2} {y2 - 4}L{x2 + 6} {y2}L{x2} {y2 + 4}Z"/>'
    )


def _box(task: str, x: int, y: int, mark: str) -> str:
    shown = task if len(task) <= _SHOWN_LETTERS else f"{task[: _SHOWN_LETTERS - 1]}…"
    return (
        f'<g><title>{escape(task)}</title><rect class="task {mark}" x="{x}" y="{y}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="5"/><text x="{x + 8}" y="{y + 18}">{escape(shown)}</text></g>'
    )
