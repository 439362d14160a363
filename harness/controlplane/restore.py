"""After LocalStack was lost: the bucket and the queue again, with everything components have."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from concurrent.futures import Executor
    from pathlib import Path

    from harness.controlplane.artefacts import PinnedArtefacts
    from harness.controlplane.bucket_layout import BucketLayout
    from harness.controlplane.ledger import Ledger
    from harness.controlplane.source_bucket import SourceBucket

_log = logging.getLogger(__name__)


class BucketRestorer:
    """Refills a new, empty bucket from the copies that the control plane holds."""

    def __init__(
        self,
        *,
        bucket: SourceBucket,
        layout: BucketLayout,
        mirror: Path,
        artefacts: PinnedArtefacts,
        ledger: Ledger,
        executor: Executor,
    ) -> None:
        self._bucket = bucket
        self._layout = layout
        self._mirror = mirror
        self._artefacts = artefacts
        self._ledger = ledger
        self._executor = executor

    def restore_everything(self) -> int:
        """Put back what components have, so that the environment goes on as if nothing was lost.

        Files put by hand come back, files deleted by hand stay away. The number of DAG files.
        """
        self._artefacts.restore()
        for key in self._layout.artefacts:
            self._ledger.published.pop(key, None)  # a newer, not yet pinned one is published after the pinned
        return self._put(set(self._ledger.synced))

    def restore_hand_put(self) -> int:
        """As an environment starts: the tree will be published whole, only files it never held come back."""
        prefix = self._layout.dags
        foreign = {path for path in self._ledger.synced if prefix + path not in self._ledger.published}
        self._ledger.published.clear()
        return self._put(foreign)

    def _put(self, relatives: Collection[str]) -> int:
        def put(relative: str) -> tuple[str, str] | None:
            path = self._mirror / relative
            if not path.is_file():
                return None
            return relative, self._bucket.put(self._layout.dags + relative, path).etag

        restored = [done for done in self._executor.map(put, sorted(relatives)) if done is not None]
        self._ledger.synced.update(restored)
        if restored:
            _log.info("restored %d DAG files to the bucket", len(restored))
        return len(restored)
