"""What startup.sh would do: its syntax as bash reads it, reserved variables, commands that cannot work."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from harness.checks.base import Rule
from harness.errors import Location
from harness.process import CommandError, capture
from harness.results import CheckResult, Finding, Severity, Skipped
from harness.runtime.airflow_variables import RESERVED_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SYNTAX_LINE = re.compile(r"^[^\n]*?: line (\d+): (.*)$", re.MULTILINE)
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+|declare\s+-x\s+)?([A-Za-z_]\w*)=")
_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

_TABLE = (
    Rule(
        "startup-script-syntax",
        _E,
        "bash cannot parse the script.",
        "The script stops there; what it exports is lost, and the update of the environment can fail.",
        "repair the line that is named",
        "if true; then echo yes",
        "if true; then echo yes; fi",
    ),
    Rule(
        "startup-script-line-ends",
        _E,
        "Lines end as on Windows.",
        "bash takes the carriage return for a part of each command and finds none of them.",
        "save the file with LF line ends; in git: *.sh text eol=lf",
        "echo hello\\r",
        "echo hello",
    ),
    Rule(
        "startup-script-encoding",
        _E,
        "The script is not UTF-8 text without a byte order mark.",
        "bash does not find the first command.",
        "save the file as UTF-8",
        "\\xef\\xbb\\xbf#!/bin/bash",
        "#!/bin/bash",
    ),
    Rule(
        "startup-script-reserved-variable",
        _W,
        "The script sets a variable that MWAA keeps for itself.",
        "MWAA overwrites it with its own value after the script ran.",
        "set it as a configuration option where MWAA allows that, or use another name",
        "export AIRFLOW_HOME=/opt/airflow",
        "export COMPANY_HOME=/opt/company",
    ),
    Rule(
        "startup-script-command",
        _W,
        "A command cannot do on MWAA what it does elsewhere.",
        "The workers run Amazon Linux 2 with a fixed Python, and their Airflow is managed by AWS.",
        "see the message",
        "apt-get install -y jq",
        "sudo yum install -y jq",
    ),
    Rule(
        "startup-script-slow",
        _E,
        "The script does not end within MWAA's time limit of 300 seconds.",
        "MWAA stops it; what it exports is lost, and the component starts without it.",
        "do what takes long in requirements.txt, plugins.zip, or a task",
        "sleep 600",
        "echo ready",
    ),
    Rule(
        "startup-script-fails",
        _W,
        "The script ends with an error.",
        "A failing script can fail the update of the environment; what follows the line is not done.",
        "repair the command; let one that may fail end with || true",
        "cp missing.cfg /usr/local/airflow/",
        "[ -f missing.cfg ] && cp missing.cfg /usr/local/airflow/ || true",
    ),
    Rule(
        "startup-script-exit",
        _N,
        "The script ends itself.",
        "What was exported before an early exit can be lost.",
        "let the script run to its end",
        "exit 0",
        "echo done",
    ),
)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in _TABLE}
"""Every rule of this check, by id."""

_COMMANDS = (
    (re.compile(r"\b(apt-get|apt|apk|dnf|zypper|brew)\s+\w"), "Amazon Linux 2 has yum, not {0}"),
    (
        re.compile(r"\byum\s+(?:-y\s+)?(?:update|upgrade)\b(?!.*--exclude=python)"),
        "yum update replaces Python unless it has --exclude=python*",
    ),
    (
        re.compile(r"\b(?:yum|make)\b.*\b(?:install|altinstall)\b.*\bpython3?\b"),
        "MWAA's Python cannot be replaced",
    ),
    (
        re.compile(r"\bairflow\s+(?:db|scheduler|webserver|celery|standalone|users)\b"),
        "Airflow is managed by AWS, and not yet started when the script runs",
    ),
    (re.compile(r"\bpip3?\s+install\b.*\bapache-airflow\b"), "Airflow's version is fixed by the environment"),
    (re.compile(r"\b(?:systemctl|service|reboot|shutdown)\b\s*\w*"), "the container has no service manager"),
)


def check_startup_script(script: Path) -> CheckResult:
    """The result for the script; one that does not exist is no mistake."""
    started = time.monotonic()
    try:
        content = script.read_bytes()
    except FileNotFoundError:
        return CheckResult("startup-script", (), facts=("no startup script",))
    except OSError as error:
        skipped = Skipped(str(script), error.strerror or str(error))
        return CheckResult("startup-script", (script,), skipped=(skipped,))
    findings = [*_text_findings(script, content), *_line_findings(script, content)]
    skipped_parts: tuple[Skipped, ...] = ()
    try:
        findings += _syntax_findings(script)
    except CommandError as error:
        skipped_parts = (Skipped("syntax", error.message),)
    findings.sort(key=lambda finding: (finding.location.line or 0) if finding.location else 0)
    seconds = time.monotonic() - started
    return CheckResult("startup-script", (script,), tuple(findings), skipped_parts, (), seconds)


def _text_findings(script: Path, content: bytes) -> Iterator[Finding]:
    if content.startswith(b"\xef\xbb\xbf"):
        yield _finding("startup-script-encoding", "it begins with a byte order mark", script, 1)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        yield _finding("startup-script-encoding", "a byte is not UTF-8", script, line)
    if b"\r\n" in content:
        line = content[: content.index(b"\r\n")].count(b"\n") + 1
        yield _finding("startup-script-line-ends", "lines end with CR LF from here on", script, line)


def _line_findings(script: Path, content: bytes) -> Iterator[Finding]:
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), 1):
        code = line.partition(" #")[0] if not line.lstrip().startswith("#") else ""
        assigned = _ASSIGNMENT.match(code)
        if assigned and assigned[1] in RESERVED_NAMES:
            message = f"MWAA overwrites {assigned[1]}"
            yield _finding("startup-script-reserved-variable", message, script, number, line)
        for pattern, message in _COMMANDS:
            found = pattern.search(code)
            if found:
                text = message.format(*found.groups())
                yield _finding("startup-script-command", text, script, number, line)
        if re.match(r"exit\b", code):
            yield _finding("startup-script-exit", "the script ends here", script, number, line)


def _syntax_findings(script: Path) -> list[Finding]:
    done = capture(
        ["bash", "-n", script], env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}, timeout=20
    )
    if done.exit_status == 0:
        return []
    found = _SYNTAX_LINE.search(done.stderr)
    line, text = (int(found[1]), found[2]) if found else (1, done.stderr.strip())
    last = max(1, script.read_bytes().rstrip(b"\n").count(b"\n") + 1)
    return [_finding("startup-script-syntax", text, script, min(line, last))]


def _finding(rule: str, message: str, script: Path, line: int, source: str | None = None) -> Finding:
    known = RULES[rule]
    return Finding(rule, known.severity, message, Location(script, line), known.fix, source=source)
