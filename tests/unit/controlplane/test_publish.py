from __future__ import annotations

from harness.controlplane.publish import PublishPlan, plan_publication
from harness.controlplane.source_bucket import StoredObject
from harness.controlplane.tree import TreeObject, TreeSnapshot


def _plan(
    tree: dict[str, str],
    published: dict[str, str],
    bucket: dict[str, str],
    unreadable: frozenset[str] = frozenset(),
) -> PublishPlan:
    return plan_publication(
        TreeSnapshot({key: TreeObject(digest, b"") for key, digest in tree.items()}, unreadable),
        published,
        {key: StoredObject(key, etag, 1) for key, etag in bucket.items()},
    )


def test_a_new_file_is_put() -> None:
    assert _plan({"a": "1"}, {}, {}) == PublishPlan(put=("a",))


def test_a_changed_file_is_put_over_whatever_the_bucket_holds() -> None:
    assert _plan({"a": "2"}, {"a": "1"}, {"a": "by hand"}) == PublishPlan(put=("a",))


def test_an_unchanged_file_leaves_the_object_alone() -> None:
    assert _plan({"a": "1"}, {"a": "1"}, {"a": "1"}) == PublishPlan()
    assert _plan({"a": "1"}, {"a": "1"}, {"a": "by hand"}) == PublishPlan()
    assert _plan({"a": "1"}, {"a": "1"}, {}) == PublishPlan()


def test_an_object_that_already_has_the_content_is_not_put_again() -> None:
    assert _plan({"a": "1"}, {}, {"a": "1"}) == PublishPlan(adopted=("a",))


def test_a_deleted_file_takes_its_object_along() -> None:
    assert _plan({}, {"a": "1"}, {"a": "1"}) == PublishPlan(delete=("a",))


def test_an_object_replaced_by_hand_outlives_the_file() -> None:
    assert _plan({}, {"a": "1"}, {"a": "by hand"}) == PublishPlan(released=("a",))


def test_an_object_put_by_hand_is_nobodys_business() -> None:
    assert _plan({}, {}, {"hand": "1"}) == PublishPlan()


def test_a_file_that_cannot_be_read_now_is_not_a_deleted_one() -> None:
    assert _plan({}, {"a": "1"}, {"a": "1"}, frozenset({"a"})) == PublishPlan()
