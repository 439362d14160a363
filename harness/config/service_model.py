"""What botocore's service models state: the limits of MWAA's CreateEnvironment, and the names of services.

The files are read without botocore's loader, which costs 0.3 s to import.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODEL = Path("mwaa", "2020-07-01", "service-2.json")
# The model writes Unicode categories as Java does: letters, numbers, and separators such as the space.
_JAVA_CATEGORIES = {
    r"\p{L}": r"\w",
    r"\p{N}": "",
    r"\p{Z}": r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}


@dataclass(frozen=True)
class Limit:
    """What the model says of one value. `minimum` and `maximum` bound a number, a length or a count.

    Attributes:
        minimum: smallest value, length or number of entries.
        maximum: largest.
        pattern: what the whole text has to match.
        choices: the only values allowed; empty when any.
        key: limits of a map's keys.
        value: limits of a map's values.
    """

    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    key: Limit | None = None
    value: Limit | None = None

    def matches(self, text: str) -> bool:
        """Whether `text` as a whole matches the pattern; so it was in the older, anchored models."""
        return self.pattern is None or re.fullmatch(_python_pattern(self.pattern), text) is not None


@cache
def create_environment_limits() -> Mapping[str, Limit]:
    """Limits of the members of CreateEnvironment, by their API names such as "MaxWorkers"."""
    shapes = _shapes()
    members = shapes["CreateEnvironmentInput"]["members"]
    return {name: _limit(shapes, member["shape"]) for name, member in members.items()}


@cache
def log_levels() -> tuple[str, ...]:
    """The levels of a module in LoggingConfiguration."""
    return _limit(_shapes(), "LoggingLevel").choices


@cache
def service_names() -> tuple[str, ...]:
    """Every AWS service that botocore knows, as it names them: "s3", "glue", "athena", …."""
    return tuple(sorted(path.name for path in _data_folder().iterdir() if path.is_dir()))


def _limit(shapes: Mapping[str, Any], name: str) -> Limit:
    shape = shapes[name]
    return Limit(
        minimum=shape.get("min"),
        maximum=shape.get("max"),
        pattern=shape.get("pattern"),
        choices=tuple(shape.get("enum", ())),
        key=_limit(shapes, shape["key"]["shape"]) if "key" in shape else None,
        value=_limit(shapes, shape["value"]["shape"]) if "value" in shape else None,
    )


@cache
def _shapes() -> Mapping[str, Any]:
    path = _data_folder() / _MODEL
    packed = path.with_name(f"{path.name}.gz")
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    shapes: Mapping[str, Any] = json.loads(content)["shapes"]
    return shapes


def _data_folder() -> Path:
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:  # pragma: no cover - botocore is a dependency
        raise ModuleNotFoundError("botocore is not installed")
    return Path(spec.origin).parent / "data"


def _python_pattern(pattern: str) -> str:
    for category, replacement in _JAVA_CATEGORIES.items():
        pattern = pattern.replace(category, replacement)
    return pattern
