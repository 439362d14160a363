"""Brings seeds into a running environment; applying them again changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from harness.project.seeds import SeedConnection, SeedObject, SeedPool, Seeds
    from harness.runner.local_aws import LocalAws


class SeedApi(Protocol):
    """What of the REST API is needed; `harness.runner.airflow_api` is it."""

    def put_connection(self, connection: SeedConnection) -> None: ...
    def put_variable(self, name: str, value: str) -> None: ...
    def put_pool(self, pool: SeedPool) -> None: ...


def apply_seeds(seeds: Seeds, api: SeedApi, aws: LocalAws) -> None:
    """Create or update everything `seeds` name.

    Raises:
        HarnessError: the environment refuses one.
    """
    try:
        _apply_objects(seeds.objects, aws.s3())
        _apply_secrets(seeds, aws)
    except (BotoCoreError, ClientError) as error:
        raise HarnessError(f"a seed could not be put on the local AWS endpoint: {error}") from error
    for pool in seeds.pools:
        api.put_pool(pool)
    for connection in seeds.connections:
        api.put_connection(connection)
    for name, value in seeds.variables.items():
        api.put_variable(name, value)


def _apply_objects(objects: tuple[SeedObject, ...], s3: S3Client) -> None:
    present = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in dict.fromkeys(seed.bucket for seed in objects):
        if bucket not in present:
            s3.create_bucket(Bucket=bucket)
    for seed in objects:
        if seed.key is not None:
            s3.put_object(Bucket=seed.bucket, Key=seed.key, Body=seed.body)


def _apply_secrets(seeds: Seeds, aws: LocalAws) -> None:
    if not seeds.secrets:
        return
    client = aws.client("secretsmanager")
    for name, value in seeds.secrets.items():
        try:
            client.create_secret(Name=name, SecretString=value)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=name, SecretString=value)
