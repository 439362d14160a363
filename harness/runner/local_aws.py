"""boto3 clients for the environment's own AWS endpoint; they know nothing of the user's AWS settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from harness.runtime.emulated_credentials import emulated_credentials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from harness.config.model import LocalSettings

# What botocore would read from the user's shell and files, replaced by constants.
_BLANKS: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, None, None, None),
}
_NO_SUCH_OBJECT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


class LocalAws:
    """Makes clients; each is one for one thread."""

    def __init__(self, endpoint_url: str, local: LocalSettings) -> None:
        credentials = emulated_credentials(local)
        session = botocore.session.Session(session_vars=_BLANKS)
        session.set_credentials(credentials["AWS_ACCESS_KEY_ID"], credentials["AWS_SECRET_ACCESS_KEY"])
        self._session = boto3.session.Session(botocore_session=session, region_name=local.region)
        self._endpoint_url = endpoint_url

    def client(self, service: str) -> Any:
        """A client of `service`; it ignores profiles, proxies and endpoints of the user's shell."""
        config = Config(s3={"addressing_style": "path"}, proxies={}, retries={"max_attempts": 5})
        return self._session.client(service, endpoint_url=self._endpoint_url, config=config)

    def s3(self) -> S3Client:
        client: S3Client = self.client("s3")
        return client

    def read_object(self, bucket: str, key: str) -> bytes | None:
        """An object's bytes; None when it is not there."""
        client = self.s3()
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in _NO_SUCH_OBJECT:
                return None
            raise
