"""The source bucket and the Celery queue on LocalStack, in the harness's own words and errors."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

VISIBILITY_TIMEOUT = 43200  # facts 10.3: 12 hours, as long as one task attempt may take
_COMPLETE: Any = {"Key": "mwaa-harness", "Value": "complete"}
_MISSING = {
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchTagSet",
    "404",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
}
_BATCH = 1000  # DeleteObjects takes no more

_Result = TypeVar("_Result")


class StorageError(HarnessError):
    """LocalStack refused a request that should have worked."""


class StorageUnreachableError(StorageError):
    """LocalStack does not answer."""


class MissingError(StorageError):
    """The bucket, the object or the queue is not there."""


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


class Aws:
    """Clients for one LocalStack; they know no file, variable or proxy of the user's."""

    def __init__(self, endpoint_url: str, region: str, account_id: str) -> None:
        # The environment and ~/.aws of the user must not reach these clients, so every variable that
        # botocore would look up is replaced by a constant.
        overrides: dict[str, Any] = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ca_bundle": (None, None, None, None),
        }
        session = botocore.session.Session(session_vars=overrides)
        session.set_credentials(account_id, "local")  # LocalStack reads the account from the key id
        config = Config(
            proxies={},
            connect_timeout=1,
            read_timeout=10,
            retries={"total_max_attempts": 1},
            max_pool_connections=16,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

        def client(service: str) -> Any:
            return session.create_client(
                cast("Any", service), region_name=region, endpoint_url=endpoint_url, config=config
            )

        self.region = region
        self.s3: S3Client = client("s3")
        self.sqs: SQSClient = client("sqs")


class SourceBucket:
    """The versioned bucket that MWAA reads DAGs, plugins, requirements and the startup script from."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.name = name
        self._s3 = aws.s3
        self._region = aws.region

    def exists(self) -> bool:
        try:
            _translate(lambda: self._s3.head_bucket(Bucket=self.name))
        except MissingError:
            return False
        return True

    def create(self) -> None:
        """Make the bucket as MWAA demands it: versioned, all public access blocked (facts 3.1)."""
        place: Any = {"LocationConstraint": self._region}
        where = {} if self._region == "us-east-1" else {"CreateBucketConfiguration": place}
        with contextlib.suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            _translate(lambda: self._s3.create_bucket(Bucket=self.name, **where))
        _translate(
            lambda: self._s3.put_bucket_versioning(
                Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
            )
        )
        _translate(
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
        try:
            answer = _translate(lambda: self._s3.get_bucket_tagging(Bucket=self.name))
        except MissingError:
            return False
        return _COMPLETE in answer["TagSet"]

    def mark_complete(self) -> None:
        tagging: Any = {"TagSet": [_COMPLETE]}
        _translate(lambda: self._s3.put_bucket_tagging(Bucket=self.name, Tagging=tagging))

    def list(self, prefix: str = "") -> Mapping[str, StoredObject]:
        return {stored.key: stored for stored in self._pages(prefix)}

    def _pages(self, prefix: str) -> Iterator[StoredObject]:
        following: dict[str, Any] = {}
        while True:
            request = partial(self._s3.list_objects_v2, Bucket=self.name, Prefix=prefix, **following)
            page = _translate(request)
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
        answer = _translate(lambda: self._s3.put_object(Bucket=self.name, Key=key, Body=body))
        return ObjectVersion(answer["ETag"].strip('"'), answer.get("VersionId", ""))

    def download(self, key: str, target: Path) -> ObjectVersion:
        """Write the latest content of `key` to the file `target`; which version it is."""
        answer = _translate(lambda: self._s3.get_object(Bucket=self.name, Key=key))
        body = answer["Body"]
        with target.open("wb") as sink:
            _translate(lambda: sink.writelines(body.iter_chunks(1 << 16)))
        return ObjectVersion(answer["ETag"].strip('"'), answer.get("VersionId", ""))

    def delete(self, keys: Iterable[str]) -> None:
        pending = list(keys)
        for start in range(0, len(pending), _BATCH):
            batch: Any = {"Objects": [{"Key": key} for key in pending[start : start + _BATCH]], "Quiet": True}
            _translate(partial(self._s3.delete_objects, Bucket=self.name, Delete=batch))


class TaskQueue:
    """The Celery queue: one per environment, made beforehand, as on MWAA."""

    def __init__(self, aws: Aws, url: str) -> None:
        self.name = url.rpartition("/")[2]
        self._url = url
        self._sqs = aws.sqs

    def exists(self) -> bool:
        try:
            _translate(lambda: self._sqs.get_queue_url(QueueName=self.name))
        except MissingError:
            return False
        return True

    def create(self) -> str:
        """Make the queue when it is not there; its address."""
        attributes: Any = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT)}
        answer = _translate(lambda: self._sqs.create_queue(QueueName=self.name, Attributes=attributes))
        return answer["QueueUrl"]

    def waiting_task_ids(self) -> frozenset[str]:
        """Celery ids of the messages that any worker may take now; looking does not take them.

        SQS itself has no such question; LocalStack's `/_aws/sqs/messages` answers it.
        """
        address = urlsplit(self._url)
        path = f"/_aws/sqs/messages?QueueUrl={quote(self._url, safe='')}"
        connection = HTTPConnection(address.netloc, timeout=10)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            document = json.loads(answer.read())
            result = document["ReceiveMessageResponse"]["ReceiveMessageResult"] or {}
            messages = result.get("Message", [])
            return frozenset(
                _celery_id(message["Body"])
                for message in (messages if isinstance(messages, list) else [messages])
            )
        except (OSError, HTTPException) as error:
            raise StorageUnreachableError(f"LocalStack does not answer: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"the queue's messages cannot be read: {error!r}") from error
        finally:
            connection.close()


def _celery_id(body: str) -> str:
    return str(json.loads(base64.b64decode(body))["headers"]["id"])


def _translate(call: Callable[[], _Result]) -> _Result:
    try:
        return call()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise MissingError(str(error)) from error
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:  # noqa: PLR2004 - HTTP
            raise StorageUnreachableError(str(error)) from error
        raise StorageError(str(error)) from error
    except (HTTPClientError, BotoCoreError) as error:
        raise StorageUnreachableError(f"LocalStack does not answer: {error}") from error
