"""Whether a SARIF document is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

_SUBSET = Path(__file__).parent / "sarif-2.1.0-subset.json"


def expect_sarif(text: str) -> dict[str, Any]:
    """The document in `text`, which must be valid, addresses included; it has one run."""
    schema = json.loads(_SUBSET.read_text(encoding="utf-8"))
    document: dict[str, Any] = json.loads(text)
    validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    return document
