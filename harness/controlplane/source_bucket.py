"""The source bucket as MWAA demands it, and its objects."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.controlplane.aws import Aws, MissingError, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_MARK = "mwaa-harness"
_COMPLETE = "complete"
_BATCH = 1000  # DeleteObjects takes no more


@dataclass(frozen=True)
class StoredObject:
    """One object as a listing shows it; `etag` has no quotes and is the MD5 unless it holds a dash."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class ObjectVersion:
    """Which content a key held: its ETag and, on a versioned bucket, its version id."""

    etag: str
    version_id: str


class SourceBucket:
    """The versioned bucket that MWAA reads DAGs, plugins, requirements and the startup script from."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.name = name
        self._s3 = aws.s3
        self._region = aws.region

    def exists(self) -> bool:
        try:
            translated(lambda: self._s3.head_bucket(Bucket=self.name))
        except MissingError:
            return False
        return True

    def create(self) -> None:
        """Make the bucket as MWAA demands it: versioned, all public access blocked (facts 3.1)."""
        place: Any = {"LocationConstraint": self._region}
        where = {} if self._region == "us-east-1" else {"CreateBucketConfiguration": place}
        with contextlib.suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            translated(lambda: self._s3.create_bucket(Bucket=self.name, **where))
        translated(
            lambda: self._s3.put_bucket_versioning(
                Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
            )
        )
        translated(
            lambda: self._s3.put_public_access_block(
                Bucket=self.name,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                },
            )
        )

    def is_complete(self) -> bool:
        """Whether the bucket is there and was filled to the end; a half-filled one must not be synced."""
        return self.tags().get(_MARK) == _COMPLETE

    def mark_complete(self, more: Mapping[str, str] | None = None) -> None:
        """Say that the bucket is filled; `more` are tags beside that mark, in place of earlier ones."""
        tags = {_MARK: _COMPLETE, **(more or {})}
        tagging: Any = {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}
        translated(lambda: self._s3.put_bucket_tagging(Bucket=self.name, Tagging=tagging))

    def tags(self) -> Mapping[str, str]:
        """The bucket's tags; none when there is no bucket."""
        try:
            answer = translated(lambda: self._s3.get_bucket_tagging(Bucket=self.name))
        except MissingError:
            return {}
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def list(self, prefix: str = "") -> Mapping[str, StoredObject]:
        return {stored.key: stored for stored in self._pages(prefix)}

    def _pages(self, prefix: str) -> Iterator[StoredObject]:
        following: dict[str, Any] = {}
        while True:
            request = partial(self._s3.list_objects_v2, Bucket=self.name, Prefix=prefix, **following)
            page = translated(request)
            for entry in page.get("Contents", ()):
                yield StoredObject(entry["Key"], entry["ETag"].strip('"'), entry["Size"])
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": page["NextContinuationToken"]}

    def put(self, key: str, content: bytes | Path) -> ObjectVersion:
        """Store `content` under `key`.

        Raises:
            OSError: the file cannot be read.
        """
        if isinstance(content, bytes):
            return self._put(key, content)
        with content.open("rb") as file:
            return self._put(key, file)

    def _put(self, key: str, body: Any) -> ObjectVersion:
        answer = translated(lambda: self._s3.put_object(Bucket=self.name, Key=key, Body=body))
        return ObjectVersion(answer["ETag"].strip('"'), answer.get("VersionId", ""))

    def download(self, key: str, target: Path, version_id: str = "") -> ObjectVersion:
        """Write the latest or the named content of `key` to the file `target`; which version it is."""
        which: Any = {"VersionId": version_id} if version_id else {}
        answer = translated(lambda: self._s3.get_object(Bucket=self.name, Key=key, **which))
        body = answer["Body"]
        with target.open("wb") as sink:
            translated(lambda: sink.writelines(body.iter_chunks(1 << 16)))
        return ObjectVersion(answer["ETag"].strip('"'), answer.get("VersionId", ""))

    def delete(self, keys: Iterable[str]) -> None:
        pending = list(keys)
        for start in range(0, len(pending), _BATCH):
            batch: Any = {"Objects": [{"Key": key} for key in pending[start : start + _BATCH]], "Quiet": True}
            translated(partial(self._s3.delete_objects, Bucket=self.name, Delete=batch))
