"""Whether every component of a native environment has the DAGs folder of the working tree."""

from __future__ import annotations

import filecmp
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def newest_arrival(source: Path, relatives: Iterable[str], copies: Iterable[Path]) -> datetime | None:
    """When the last of the files came to the folders `copies`; None while one is absent or different.

    Args:
        source: the DAGs folder of the working tree.
        relatives: the files that matter, relative to it, with forward slashes.
        copies: the DAGs folders of the components.
    """
    newest = 0.0
    names = list(relatives)
    for copy in copies:
        for name in names:
            try:
                if not filecmp.cmp(source / name, copy / name, shallow=False):
                    return None
                newest = max(newest, (copy / name).stat().st_ctime)
            except OSError:
                return None
    return datetime.fromtimestamp(newest, tz=timezone.utc)
