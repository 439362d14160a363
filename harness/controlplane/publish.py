"""Working tree to bucket. A save in the tree wins; what the tree did not touch belongs to whoever put it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from harness.controlplane.ledger import Ledger
    from harness.controlplane.source_bucket import ObjectVersion, SourceBucket, StoredObject
    from harness.controlplane.tree import TreeObject, TreeSnapshot, WorkingTree

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishPlan:
    """What to do, by key. `adopted` objects already are in the bucket with the tree's content."""

    put: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    released: tuple[str, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether the bucket is different afterwards."""
        return bool(self.put or self.delete)


def plan_publication(
    tree: TreeSnapshot, published: Mapping[str, str], bucket: Mapping[str, StoredObject]
) -> PublishPlan:
    """Compare three states of every key: the tree now, what the tree put last, the bucket now.

    - The tree's file changed since it was put (or was never put): it is put, whatever the bucket holds.
    - The tree's file is as it was put: the object is left alone, even if changed or deleted by hand.
    - The tree's file is gone: its object is deleted, unless somebody replaced it by hand since.
    """
    put: list[str] = []
    adopted: list[str] = []
    delete: list[str] = []
    released: list[str] = []
    for key, wanted in tree.objects.items():
        if published.get(key) != wanted.digest:
            stored = bucket.get(key)
            same = stored is not None and stored.etag == wanted.digest
            (adopted if same else put).append(key)
    for key, etag in published.items():
        if key not in tree.objects and key not in tree.unreadable:
            stored = bucket.get(key)
            (delete if stored is not None and stored.etag == etag else released).append(key)
    return PublishPlan(tuple(put), tuple(delete), tuple(adopted), tuple(released))


class Publisher:
    """Carries the working tree to the bucket and remembers in the ledger what it put."""

    def __init__(self, tree: WorkingTree, bucket: SourceBucket, ledger: Ledger, executor: Executor) -> None:
        self._tree = tree
        self._bucket = bucket
        self._ledger = ledger
        self._executor = executor

    def publish(self) -> PublishPlan:
        """Put and delete what changed in the tree since the last time; what was done."""
        tree = self._tree.snapshot()
        if self._is_unchanged(tree):
            return PublishPlan()
        plan = plan_publication(tree, self._ledger.published, self._bucket.list())
        for key in plan.adopted:
            self._ledger.published[key] = tree.objects[key].digest
        for key, version in self._put(plan.put, tree.objects):
            self._ledger.published[key] = version.etag
        self._bucket.delete(plan.delete)
        for key in (*plan.delete, *plan.released):
            del self._ledger.published[key]
        _report(plan)
        return plan

    def _is_unchanged(self, tree: TreeSnapshot) -> bool:
        published = self._ledger.published
        return all(published.get(key) == wanted.digest for key, wanted in tree.objects.items()) and all(
            key in tree.objects or key in tree.unreadable for key in published
        )

    def _put(
        self, keys: tuple[str, ...], objects: Mapping[str, TreeObject]
    ) -> list[tuple[str, ObjectVersion]]:
        def put(key: str) -> tuple[str, ObjectVersion] | None:
            try:
                return key, self._bucket.put(key, objects[key].content)
            except FileNotFoundError:
                return None  # deleted a moment ago; the next look at the tree sees it
            except OSError as error:
                _log.warning("%s is not published: %s", key, error.strerror or error)
                return None

        return [done for done in self._executor.map(put, keys) if done is not None]


def _report(plan: PublishPlan) -> None:
    if plan.put:
        _log.info("published %s", _shortened(plan.put))
    if plan.delete:
        _log.info("deleted from the bucket: %s", _shortened(plan.delete))
    if plan.released:
        _log.info(
            "no longer in the working tree, and left as it is in the bucket: %s", _shortened(plan.released)
        )


def _shortened(keys: tuple[str, ...], shown: int = 5) -> str:
    more = f" and {len(keys) - shown} more" if len(keys) > shown else ""
    return ", ".join(keys[:shown]) + more
