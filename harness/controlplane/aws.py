"""Clients for LocalStack that know nothing of the user's AWS, and its errors in the harness's own words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_MISSING = {
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "NoSuchTagSet",
    "404",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
}

_Result = TypeVar("_Result")


class StorageError(HarnessError):
    """LocalStack refused a request that should have worked."""


class StorageUnreachableError(StorageError):
    """LocalStack does not answer."""


class MissingError(StorageError):
    """The bucket, the object or the queue is not there."""


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


def translated(call: Callable[[], _Result]) -> _Result:
    """What `call` returns, with botocore's exceptions as this module's."""
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
