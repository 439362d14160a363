"""The last verdict, kept while nothing that it was made from has changed.

Imports little: the unchanged case is a commit hook's usual case.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import Location
from harness.results import CheckResult, Finding, Related, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEPT_SECONDS = 12 * 3600
"""An index changes without any file of the project changing."""


_DECIDING_PREFIXES = ("MWAA_", "UV_", "PIP_")
_DECIDING = ("HOME", "XDG_CONFIG_HOME", "SSL_CERT_FILE")
_SETTINGS_FILE = "mwaa.toml"


@dataclass(frozen=True)
class Place:
    """Where a verdict is kept, and the key of everything but files that it depends on."""

    file: Path
    key: str


def locate_verdict(root: Path, name: str, environ: Mapping[str, str], *more: str) -> Place:
    """The place for the file called `name`, absolute, or the project's own when empty; `more` are flags."""
    # The settings are part of the key as text: reading them would take longer than all the rest.
    settings = root / _SETTINGS_FILE
    text = settings.read_text("utf-8", "replace") if settings.is_file() else ""
    variables = sorted(
        f"{k}={v}" for k, v in environ.items() if k.startswith(_DECIDING_PREFIXES) or k in _DECIDING
    )
    folder = root / ".mwaa" / "cache" / "requirements" / "verdicts"
    key = _fingerprint((str(root), name, text, *more, *variables), Path(__file__).parent.glob("*.py"))
    return Place(folder / f"{_fingerprint((name,), ())[:24]}.json", key)


def _fingerprint(parts: Iterable[str], code: Iterable[Path]) -> str:
    """One key for settings, versions and environment, and for this check's own code."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    for file in sorted(code):
        status = file.stat()
        digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()


def load_verdict(place: Place, now: float | None = None) -> CheckResult | None:
    """The verdict kept there, when it has its key, is young, and every file it read is as it was."""
    try:
        document = json.loads(place.file.read_text(encoding="utf-8"))
        age = (time.time() if now is None else now) - document["time"]
        if document["key"] != place.key or not 0 <= age < _KEPT_SECONDS:
            return None
        if any(_digest(Path(name)) != digest for name, digest in document["files"].items()):
            return None
        return _read(document["result"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def store_verdict(place: Place, files: Iterable[Path], result: CheckResult) -> None:
    """Keep `result`, made from `files` (found or not)."""
    document = {
        "key": place.key,
        "time": time.time(),
        "files": {str(path): _digest(path) for path in files},
        "result": _write(result),
    }
    place.file.parent.mkdir(parents=True, exist_ok=True)
    partial = place.file.with_suffix(".partial")
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(place.file)


def _digest(path: Path) -> str:
    """What a file holds, or which wheels a folder has."""
    if path.is_dir():
        wheels = sorted((wheel.name, wheel.stat().st_size) for wheel in path.rglob("*.whl"))
        return hashlib.sha256(repr(wheels).encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _write(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "subjects": [str(path) for path in result.subjects],
        "findings": [_write_finding(finding) for finding in result.findings],
        "skipped": [[skipped.what, skipped.why] for skipped in result.skipped],
        "facts": list(result.facts),
        "data": result.data,
    }


def _write_finding(finding: Finding) -> dict[str, Any]:
    return {
        **finding.__dict__,
        "severity": finding.severity.value,
        "location": _write_location(finding.location),
        "related": [[_write_location(related.location), related.message] for related in finding.related],
    }


def _write_location(location: Location | None) -> list[Any] | None:
    return None if location is None else [str(location.path), location.line, location.column]


def _read(document: dict[str, Any]) -> CheckResult:
    return CheckResult(
        check=document["check"],
        subjects=tuple(Path(path) for path in document["subjects"]),
        findings=tuple(_read_finding(finding) for finding in document["findings"]),
        skipped=tuple(Skipped(what, why) for what, why in document["skipped"]),
        facts=tuple(document["facts"]),
        data=document["data"],
    )


def _read_finding(document: dict[str, Any]) -> Finding:
    location = document["location"]
    related = (Related(_read_location(place), message) for place, message in document["related"])
    return Finding(
        rule=document["rule"],
        severity=Severity(document["severity"]),
        message=document["message"],
        location=None if location is None else _read_location(location),
        hint=document["hint"],
        details=tuple(document["details"]),
        source=document["source"],
        length=document["length"],
        related=tuple(related),
    )


def _read_location(parts: list[Any]) -> Location:
    return Location(Path(parts[0]), parts[1], parts[2])
