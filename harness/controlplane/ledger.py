"""What the control plane has to remember when it, or LocalStack, ends: who put what, and what was synced."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.controlplane.atomic_files import write_whole
from harness.controlplane.source_bucket import ObjectVersion

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


@dataclass
class Ledger:
    """The control plane's memory.

    Attributes:
        published: keys that were put from the working tree, and the ETag of what was put.
        synced: paths below the DAGs folder that components have, and the ETag of their object.
        pinned: artefacts as of the environment's start, by key.
        generation: names the start of the environment that `pinned` belongs to.
    """

    published: dict[str, str] = field(default_factory=dict)
    synced: dict[str, str] = field(default_factory=dict)
    pinned: dict[str, ObjectVersion] = field(default_factory=dict)
    generation: str = ""


class LedgerFile:
    """Keeps a `Ledger` on disk; a damaged file is an empty memory, which costs uploads and nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = ""

    def load(self) -> Ledger:
        try:
            return _parse(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Ledger()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("%s is damaged (%s); it starts afresh", self._path, error)
            return Ledger()

    def save(self, ledger: Ledger) -> None:
        text = json.dumps(asdict(ledger), indent=1, sort_keys=True)
        if text != self._written:
            write_whole(self._path, text)
            self._written = text


def _parse(document: Any) -> Ledger:
    return Ledger(
        published={str(key): str(etag) for key, etag in document["published"].items()},
        synced={str(path): str(etag) for path, etag in document["synced"].items()},
        pinned={str(key): ObjectVersion(**version) for key, version in document["pinned"].items()},
        generation=str(document["generation"]),
    )
